"""Debian's nginx as a bank would run it: what bank-aicc replaces, and is measured against."""

import contextlib
import os
import pathlib
import time

from debian import debian_tool
from installation import Ended, exchange, free_port, process

# The replaced server's own settings where it had any (contract §8), and what every guide for nginx recommends: one worker for
# each core, sendfile, kept connections, compressed files beside the others. The limits on one client are left out, as
# they are raised for the other server.
CONFIGURATION = """
worker_processes {workers};
worker_rlimit_nofile 16384;
pid {folder}/pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 8192; }}
http {{
    include /etc/nginx/mime.types;
    sendfile on; tcp_nopush on; tcp_nodelay on;
    keepalive_timeout 65; keepalive_requests 100000;
    log_format contract escape=json '{{"time":"$time_iso8601","remote_addr":"$remote_addr","request_method":"$request_method",'
        '"request_uri":"$request_uri","status":$status,"body_bytes_sent":$body_bytes_sent,"request_time":$request_time,'
        '"upstream_response_time":"$upstream_response_time","http_user_agent":"$http_user_agent","http_referer":"$http_referer"}}';
    access_log {access_log};
    {file_cache}
    ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers HIGH:!aNULL:!MD5; ssl_prefer_server_ciphers on;
    ssl_session_cache shared:SSL:10m; ssl_session_timeout 10m;
    {temporary}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen 127.0.0.1:{tls_port} ssl http2 backlog=4096;
        root {folder}/files;
        gzip_static on; gzip_vary on;
        add_header X-Frame-Options SAMEORIGIN; add_header X-Content-Type-Options nosniff;
        add_header X-XSS-Protection "1; mode=block"; add_header Referrer-Policy no-referrer-when-downgrade;
        location = /health {{ return 200 ok; }}
        location / {{ index index.html; add_header Cache-Control no-cache; }}
    }}
}}
"""


class Nginx:
    """nginx on loopback with a folder of its own, and in it the files that are to be served."""

    name = "nginx"

    def __init__(self, folder, certificate, key, *, logs_access, caches_files):
        self.program = debian_tool("nginx", "nginx-light")
        self.folder, self.log = pathlib.Path(folder), pathlib.Path(folder) / "log"
        self.port, self.tls_port = free_port(), free_port()
        files = self.folder / "files"
        files.mkdir(parents=True)
        # Its workers are not root.
        for path in (self.folder, *list(self.folder.parents)[:1]):
            path.chmod(0o755)
        temporary = " ".join(f"{kind}_temp_path {self.folder}/temporary-{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.config = self.folder / "nginx.conf"
        self.config.write_text(CONFIGURATION.format(
            workers=os.cpu_count(), folder=self.folder, port=self.port, tls_port=self.tls_port, certificate=certificate, key=key,
            temporary=temporary, access_log=f"{self.folder}/access.log contract" if logs_access else "off",
            file_cache="open_file_cache max=1000; open_file_cache_valid 60s;" if caches_files else "",
            user="user www-data;" if os.geteuid() == 0 else ""))

    def add_file(self, path, plain, packed):
        """A file and the same one compressed, both as the other server sends them."""
        target = self.folder / "files" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        for name, content in ((target, plain), (target.with_name(target.name + ".gz"), packed)):
            name.write_bytes(content)

    @contextlib.contextmanager
    def open(self):
        command = [self.program, "-c", self.config, "-p", self.folder, "-g", "daemon off;"]
        with process(command, self.log) as master:
            deadline = time.perf_counter() + 10
            while not exchange(self.port, b"GET /health HTTP/1.0\r\n\r\n", deadline):
                if master.poll() is not None or time.perf_counter() > deadline:
                    raise Ended(f"nginx does not listen:\n{self.log.read_text(errors='replace')}")
                time.sleep(0.01)
            yield master

    def pids(self, master):
        """The master and its workers."""
        children = pathlib.Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text()
        return [master.pid, *map(int, children.split())]
