"""Takes out of a CycloneDX file what is not the commit's: the serial number, and paths of the machine that built.

    sbom.py FROM TO
"""
import json
import os
import sys
import time

source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    bom = json.load(file)
bom.pop("serialNumber", None)
epoch = int(os.environ["SOURCE_DATE_EPOCH"])
bom["metadata"]["timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
text = json.dumps(bom, ensure_ascii=False, indent=1, sort_keys=True)
# `path+file:///home/…/bank-aicc#0.1.0` is the reference of the program itself.
here = "path+file://" + os.getcwd()
with open(target, "w", encoding="utf-8") as file:
    file.write(text.replace(here, "bank-aicc") + "\n")
