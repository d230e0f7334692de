//! `bank-aicc sbom`: the list of parts.

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::cli::Failure;
use crate::cli::print;
use crate::packed;

/// The list: registry, name, version, licence.
const LIST: &str = "packaging/parts.csv";
const PROGRAM: &str = "bank-aicc";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Prints it.
pub(super) fn run() -> Result<(), Failure> {
    let document = document().context("unpacking the list of parts").map_err(Failure::Other)?;
    let text = serde_json::to_string_pretty(&document).map_err(anyhow::Error::from)?;
    print(&(text + "\n"));
    Ok(())
}

fn document() -> anyhow::Result<Value> {
    let list = packed::PAPERS.text(LIST).context("it is not in the program")?;
    let components = list.lines().map(component).collect::<Option<Vec<Value>>>();
    let components = components.context("a line has not four fields")?;
    let references: Vec<&Value> = components.iter().map(|component| &component["bom-ref"]).collect();
    let own = format!("pkg:generic/{PROGRAM}@{VERSION}");
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": own,
            "name": PROGRAM,
            "version": VERSION,
            "licenses": [{ "expression": env!("CARGO_PKG_LICENSE") }],
            "purl": own,
        } },
        "dependencies": [{ "ref": own, "dependsOn": references }],
        "components": components,
    }))
}

/// The component of a line. A licence may hold commas, so it is last.
fn component(line: &str) -> Option<Value> {
    let mut fields = line.splitn(4, ',');
    let (registry, name, version, licence) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let purl = format!("pkg:{registry}/{name}@{version}");
    Some(json!({
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "licenses": [{ "expression": licence }],
        "purl": purl,
    }))
}
