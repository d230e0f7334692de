"""What the suites of the edge are pointed at: the real program on loopback, with its own folder and certificate.

A suite is a program of its own. It ends with 0 if everything it looked at is as it should be, with 1 if something is not, and
with 77 if it could not look, because the program has no such part or a tool cannot be had; it says which.
"""

import argparse
import contextlib
import http.client
import os
import pathlib
import platform
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
from certificate import make_certificate
from debian import Unavailable
from installation import Bank, Ended, accepts, free_port, note, tls_settings

MIB = 1 << 20
HONEST_CLIENT = "127.0.0.2"
# What the suites install that no Debian package of this release holds. `cargo clean` removes it.
TOOLS = ROOT / "target/edge-tools"


def parser(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/bank-aicc",
                        help="the program to look at (default: target/release/bank-aicc)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with configuration, database, logs and reports")
    return parser


def run_suite(suite, options):
    """Runs a suite with a folder of its own, and says how it ended as the exit status of this process."""
    # Being ended from outside ends what was started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    raise_files_limit()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bank-aicc-edge-"))
    try:
        # A copy, so that a build that happens meanwhile does not change what is looked at.
        if not options.program.exists():
            raise Unavailable(f"{options.program} is not there; build it: cargo build --release --bin bank-aicc")
        bench = SimpleNamespace(program=shutil.copy2(options.program, folder), folder=folder)
        failures = suite(options, bench)
    except Unavailable as reason:
        print(f"not run: {reason}")
        return 77
    except (Ended, subprocess.SubprocessError, OSError) as failure:
        failures = [str(failure)]
    finally:
        if options.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


def accepts_tls(bench):
    """Whether the program has a TLS listener at all."""
    return accepts(bench, {"edge.tls.listen": ["127.0.0.1:0"], "edge.site": [{"names": ["localhost"], "source": "local_ca"}]})


def raise_files_limit():
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))


class Appliance(Bank):
    """One installation with the edge as it ships, but for what holds one client back: over plain HTTP, or over TLS if `tls`."""

    def __init__(self, bench, name="appliance", tls=False, settings=None, environment=None):
        self.tls_port, settings = None, dict(settings or {})
        if tls:
            self.tls_port = free_port()
            self.authority, *pair = make_certificate(bench.folder / f"{name}-tls")
            settings.update(tls_settings(self.tls_port, *pair))
            if not accepts_tls(bench):
                raise Unavailable("this program has no TLS listener")
        super().__init__(bench, name, settings=settings)
        self.environment.update(environment or {})

    def trust(self):
        """A TLS context for clients that know the authority of this appliance and nothing else."""
        context = ssl.create_default_context(cafile=self.authority)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def connection(self, timeout=5):
        """A new connection of an honest client, who is somebody else than whoever attacks from 127.0.0.1."""
        options = {"timeout": timeout, "source_address": (HONEST_CLIENT, 0)}
        if self.tls_port:
            return http.client.HTTPSConnection("localhost", self.tls_port, context=self.trust(), **options)
        return http.client.HTTPConnection("127.0.0.1", self.port, **options)

    def health_seconds(self):
        """How long an honest client waits on a connection of its own; raises if it is not served."""
        begun = time.monotonic()
        with contextlib.closing(self.connection()) as connection:
            connection.request("GET", "/health")
            status = connection.getresponse().status
        if status != 200:
            raise Ended(f"an honest client was answered {status}")
        return time.monotonic() - begun


@contextlib.contextmanager
def honest_client(appliance, waits):
    """Somebody who wants to be served all the while; how long each wait was is added to `waits`, infinity if in vain."""
    over = threading.Event()

    def ask():
        while not over.wait(0.1):
            try:
                waits.append(appliance.health_seconds())
            except (Ended, OSError, http.client.HTTPException) as failure:
                note(f"an honest client was not served: {failure!r}")
                waits.append(float("inf"))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()


def files_of(pid):
    """How many file descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def machine():
    return f"{os.cpu_count()} cores, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}"
