"""What is measured: one installation of bank-aicc, or with it a private MariaDB, and the machine they run on."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACK = ROOT / "packaging/demo-pack"


class Ended(Exception):
    """Something did not go as a measurement needs it; what it was is for people to read."""


def note(text):
    """Tells how the measurement goes on, beside the figures."""
    print("    " + text.replace("\n", "\n    "), file=sys.stderr)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def process(command, log, **options):
    """Runs a program while the context lasts; its output goes to a file."""
    with open(log, "ab") as output:
        running = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, **options)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(timeout=40)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def exchange(port, request, deadline):
    """The reply to one HTTP request on a connection of its own; empty when nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=max(deadline - time.perf_counter(), 0.01)) as stream:
            stream.sendall(request)
            return stream.recv(4096)
    except (ConnectionRefusedError, ConnectionResetError):
        return b""


HEALTH = b"GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


def turn_request(session, message="정기예금 금리가 얼마인가요?"):
    body = json.dumps({"session_id": session, "user_message": message}).encode()
    head = "POST /api/v1/chat/message HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Bank:
    """One installation: a folder with its configuration and data, and the program on it."""

    def __init__(self, bench, name, storage_url=None, settings=None):
        self.program, self.port = bench.program, free_port()
        self.folder = bench.folder / name
        self.data = self.folder / "data"
        self.data.mkdir(parents=True)
        self.config, self.log = self.folder / "config.toml", self.folder / "log"
        # Durable settings are the defaults. Raised is only what holds one client back, since one client is all there is;
        # the access log is off as it is behind a server that writes its own.
        self.settings = {
            "server.listen": [f"127.0.0.1:{self.port}"],
            "server.data_dir": str(self.data),
            "server.limits.connections_per_client_max": 20000,
            "api.legacy_clients": True,
            "api.limits.session_messages_per_second": 1000.0,
            "api.limits.session_messages_burst": 1000,
            "log.level": "warn",
            "log.access": False,
            **({"storage.url": storage_url} if storage_url else {}),
            **(settings or {}),
        }
        # A million strangers are held back by it, and so would be this one client. Programs before it do not know the key.
        if accepts(bench, {"edge.rate_limit.enabled": False}):
            self.settings["edge.rate_limit.enabled"] = False
        self.config.write_text(toml(self.settings))
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("BANK_AICC__")}
        command = [self.program, "knowledge", "import", str(PACK), "--config", str(self.config)]
        subprocess.run(command, env=self.environment, check=True, timeout=120, stdout=subprocess.DEVNULL)

    @contextlib.contextmanager
    def open(self):
        """Serves while the context lasts; begins with the first answer."""
        with process([self.program, "serve", "--config", str(self.config)], self.log, env=self.environment) as server:
            self.await_answer(server, HEALTH)
            self.await_answer(server, turn_request("bench-first"))
            yield server
        if complaints := self.log_begins():
            note(f"the server's log begins: {complaints}")

    def await_answer(self, server, request, begun=None, seconds=60):
        """Seconds since `begun` until a request is answered; it is sent again until somebody listens and is ready."""
        begun = begun or time.perf_counter()
        deadline = begun + seconds
        while not (reply := exchange(self.port, request, deadline)) or reply.startswith(b"HTTP/1.1 503 "):
            if server.poll() is not None or time.perf_counter() > deadline:
                raise Ended(f"the server ended, does not listen or is not ready; its log:\n{self.log_begins()}")
            time.sleep(0.0005)
        elapsed = time.perf_counter() - begun
        if not reply.startswith(b"HTTP/1.1 200 "):
            raise Ended(f"refused: {reply.decode(errors='replace')}\nits log:\n{self.log_begins()}")
        return elapsed

    def log_begins(self):
        """What it complains of; all it says, if that is how it is set."""
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if '"level":"INFO"' not in line)[:2000]


def toml(settings):
    """A configuration file. JSON's texts, numbers and lists are TOML's, too; its objects are not."""
    def value(of):
        if isinstance(of, dict):
            return "{" + ", ".join(f"{key} = {value(part)}" for key, part in of.items()) + "}"
        return "[" + ", ".join(map(value, of)) + "]" if isinstance(of, list) else json.dumps(of, ensure_ascii=False)
    return "".join(f"{key} = {value(of)}\n" for key, of in settings.items())


def tls_settings(port, certificate, key):
    """A TLS listener with a certificate from files."""
    site = {"names": ["localhost"], "source": "files", "certificate_file": str(certificate), "key_file": str(key)}
    # The plain listener serves as well, so that both can be looked at.
    return {"edge.tls.listen": [f"127.0.0.1:{port}"], "edge.tls.redirect_http": False, "edge.site": [site]}


def accepts(bench, settings):
    """Whether this program knows these settings."""
    config = bench.folder / "tried.toml"
    config.write_text(toml(settings))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BANK_AICC__")}
    checked = subprocess.run([bench.program, "check", "--config", str(config)], env=environment, capture_output=True, timeout=60)
    return checked.returncode == 0


class MariaDb:
    """A private MariaDB with Debian's defaults, which are durable (innodb_flush_log_at_trx_commit=1)."""

    def __init__(self, folder):
        self.folder, self.port, self.log = folder, free_port(), folder / "log"
        self.socket = folder / "socket"

    @contextlib.contextmanager
    def open(self):
        user = ["--user=root"] if os.geteuid() == 0 else []
        self.folder.mkdir()
        self.folder.chmod(0o700)
        data = self.folder / "data"
        install = ["mariadb-install-db", "--no-defaults", *user, f"--datadir={data}", "--skip-test-db"]
        subprocess.run([*install, "--auth-root-authentication-method=normal"], check=True, timeout=120, stdout=subprocess.DEVNULL)
        daemon = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        command = [daemon, "--no-defaults", *user, f"--datadir={data}", f"--socket={self.socket}", f"--port={self.port}"]
        command += ["--bind-address=127.0.0.1", f"--pid-file={self.folder / 'pid'}", "--max-connections=100"]
        with process(command, self.log) as server:
            for _ in range(600):
                if self.ask("SELECT 1", check=False) is not None:
                    break
                if server.poll() is not None:
                    raise Ended(f"mariadbd ended:\n{self.log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.1)
            durable = self.ask("SELECT @@innodb_flush_log_at_trx_commit, @@version")
            note(f"MariaDB: innodb_flush_log_at_trx_commit, version = {durable}")
            self.ask("CREATE USER bench@'127.0.0.1' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO bench@'127.0.0.1'")
            yield server

    def ask(self, sql, check=True):
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", "-N", "-e", sql]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if check:
            done.check_returncode()
        return done.stdout.strip() if done.returncode == 0 else None

    def database(self, name):
        self.ask(f"CREATE DATABASE {name}")
        return f"mysql://bench:bench@127.0.0.1:{self.port}/{name}"


def await_quiet(seconds):
    """Waits, at most so long, until nobody else uses the processor; a server under measurement is idle by itself."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = busy_seconds()
        time.sleep(1)
        if busy_seconds() - before < 0.1:
            break


def busy_seconds():
    """Processor time that all cores together have spent on anything."""
    user, nice, system, _idle, _waiting, irq, soft_irq = pathlib.Path("/proc/stat").read_text().split()[1:8]
    return sum(map(int, (user, nice, system, irq, soft_irq))) / os.sysconf("SC_CLK_TCK")


def flushes_ms(folder, count=300):
    """How long the disk takes to flush 4 KiB into a file that has its size already, as a database log does."""
    path, block, times = folder / "flushes", os.urandom(4096), []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        os.write(descriptor, bytes(4096 * count))
        os.fsync(descriptor)
        for number in range(count):
            begun = time.perf_counter()
            os.pwrite(descriptor, block, number * 4096)
            os.fdatasync(descriptor)
            times.append(1000 * (time.perf_counter() - begun))
    finally:
        os.close(descriptor)
        path.unlink()
    return times


def quantile_of(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def memory_of(pid):
    """Bytes resident, and resident with shared pages divided among those who share them."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
    return {"rss": kib["Rss"] * 1024, "pss": kib["Pss"] * 1024}
