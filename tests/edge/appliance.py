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
import time
from types import SimpleNamespace

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
from installation import Bank, Ended, free_port, memory_of, note, process, quantile_of  # noqa: E402,F401

MIB = 1 << 20
# What the suites install that no Debian package of this release holds. `cargo clean` removes it.
TOOLS = ROOT / "target/edge-tools"


class Unavailable(Exception):
    """What a suite needs is not to be had; what it was is for people to read."""


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


def raise_files_limit():
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))


class Appliance(Bank):
    """One installation with the edge as it ships: over plain HTTP, and over TLS if `tls`."""

    def __init__(self, bench, name="appliance", tls=False, settings="", environment=None):
        super().__init__(bench, name)
        self.tls_port = free_port() if tls else None
        if tls:
            self.authority, certificate, key = make_certificate(self.folder / "tls")
            settings += f"""
                [edge.tls]
                listen = ["127.0.0.1:{self.tls_port}"]
                [[edge.site]]
                names = ["localhost"]
                source = "files"
                certificate_file = "{certificate}"
                key_file = "{key}"
            """
        with open(self.config, "a") as config:
            config.write("\n".join(line.strip() for line in settings.splitlines()))
        self.environment.update(environment or {})
        check = [self.program, "check", "--config", str(self.config)]
        checked = subprocess.run(check, env=self.environment, capture_output=True, text=True, timeout=60)
        if checked.returncode != 0:
            reason = f"this program refuses the configuration:\n{checked.stdout}{checked.stderr}"
            raise Unavailable(reason) if tls and "edge" in reason else Ended(reason)

    def trust(self):
        """A TLS context for clients that know the authority of this appliance and nothing else."""
        context = ssl.create_default_context(cafile=self.authority)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def health_seconds(self, timeout=5):
        """How long an honest client waits on a connection of its own; raises if it is not served."""
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        if self.tls_port:
            connection = http.client.HTTPSConnection("localhost", self.tls_port, timeout=timeout, context=self.trust())
        with contextlib.closing(connection):
            connection.request("GET", "/health")
            status = connection.getresponse().status
        if status != 200:
            raise Ended(f"an honest client was answered {status}")
        return time.monotonic() - begun


def make_certificate(folder):
    """An authority of its own and a certificate by it for localhost, as a bank's would be: P-256, a year, revocable."""
    folder.mkdir(parents=True)
    authority, certificate = folder / "authority.pem", folder / "site.pem"
    authority_key, key, request, extensions = (folder / name for name in ("authority-key.pem", "site-key.pem", "request", "extensions"))
    extensions.write_text("\n".join((
        "subjectAltName = DNS:localhost, IP:127.0.0.1",
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature",
        "extendedKeyUsage = serverAuth",
        # Nobody fetches it; without one, no client could learn that the certificate was revoked.
        "crlDistributionPoints = URI:http://localhost/revoked.crl",
    )))
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new_key, "-days", "3650", "-subj", "/CN=Bench authority", "-keyout", authority_key, "-out", authority)
    openssl("req", *new_key, "-subj", "/CN=localhost", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "365",
            "-extfile", extensions, "-out", certificate)
    key.chmod(0o600)
    return authority, certificate, key


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def debian_tool(command, package):
    """The path of a program of a Debian package, which is installed if it is missing."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    if shutil.which(command, path=path) is None:
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
        with policy_against_services(as_root):
            for step in (["apt-get", "update", "-qq"], install):
                done = subprocess.run([*as_root, *step], env=environment, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise Unavailable(f"Debian's {package} cannot be installed here: {done.stderr.strip()}")
    return shutil.which(command, path=path)


@contextlib.contextmanager
def policy_against_services(as_root):
    """No service of a package is started while the context lasts."""
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    subprocess.run([*as_root, "tee", policy], input=b"#!/bin/sh\nexit 101\n", check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*as_root, "chmod", "755", policy], check=True)
    try:
        yield
    finally:
        subprocess.run([*as_root, "rm", "-f", policy], check=True)


def files_of(pid):
    """How many file descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def machine():
    return f"{os.cpu_count()} cores, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}"
