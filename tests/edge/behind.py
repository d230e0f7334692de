"""What arrives behind the reverse proxy: requests whose end or meaning two servers could see differently, sent to a path of
`[[edge.proxy]]`, and a server of ours there that takes nothing for granted and tells what it got.

Whatever a client sends, the server behind gets one well-formed request (RFC 9110, RFC 9112) for each answer of its own that the
client gets, and nothing else: no bytes between two requests, no header that tells of another length, of another host or of the
client's own word on itself.
"""

import concurrent.futures
import dataclasses
import re
import socket
import socketserver
import threading
import time

from frames import DATA, END_HEADERS, END_STREAM, Connection, Ended, Stalled, block, frame, headers

# Stands for the number of a case, by which its requests are known behind; as long as the number it stands for.
CASE = "case-nnn"
HOST = "Host: localhost\r\n"
HIDDEN = f"GET /old/{CASE}/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
# How long somebody may think. Most cases end sooner, by the end of the connection.
PATIENCE_SECONDS = 0.7
# The edge gives neither, so who is answered so was answered by the server behind.
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
REFUSED_UPGRADE = b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n"
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# What no client may say there: about the connection, about itself, or about another length.
NEVER = {"transfer-encoding", "keep-alive", "proxy-connection", "proxy-authorization", "http2-settings", "expect", "forwarded",
         "x-secret", "x-original-url"}


class Faulty(Exception):
    """What arrived is no request."""


@dataclasses.dataclass
class Arrived:
    """One request as it arrived."""
    target: str
    headers: list
    body: bytes
    trailers: list

    def values(self, name):
        return [value for known, value in self.headers if known == name]


class Behind(socketserver.ThreadingTCPServer):
    """The server behind. It reads by the letter, and keeps what it read and what it could not."""
    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Reading)
        self.lock, self.arrived, self.faults = threading.Lock(), [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, case):
        with self.lock:
            return [one for one in self.arrived if case in one.target]


class Reading(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while (arrived := self.request_of_one()) is not None:
                with self.server.lock:
                    self.server.arrived.append(arrived)
                self.wfile.write(REFUSED_UPGRADE if arrived.values("upgrade") else ANSWER)
        except Faulty as fault:
            with self.server.lock:
                self.server.faults.append(str(fault))
        except OSError:
            pass  # The proxy gave up in the middle, as it must when its client breaks off.

    def line(self):
        line = self.rfile.readline(65536)
        if not line.endswith(b"\n"):
            raise OSError  # The end, perhaps in the middle of a request.
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise Faulty(f"a line with a stray CR or LF: {line[:100]!r}")
        return line[:-2]

    def request_of_one(self):
        if not self.rfile.peek(1):
            return None
        start = self.line()
        matched = re.fullmatch(TOKEN + rb" (/[!-~\x80-\xff]*) HTTP/1\.1", start)
        if not matched:
            raise Faulty(f"no request line: {start[:100]!r}")
        arrived = Arrived(matched[1].decode("latin-1"), self.fields(), b"", [])
        if len(arrived.values("host")) != 1:
            raise Faulty(f"{arrived.target}: Host is {arrived.values('host')}")
        lengths, codings = arrived.values("content-length"), arrived.values("transfer-encoding")
        if len(lengths) + len(codings) > 1 or codings not in ([], ["chunked"]) or not all(re.fullmatch("0|[1-9][0-9]*", length) for length in lengths):
            raise Faulty(f"{arrived.target}: Content-Length is {lengths}, Transfer-Encoding {codings}")
        if codings:
            arrived.body, arrived.trailers = self.chunks()
        elif lengths:
            arrived.body = self.exactly(int(lengths[0]))
        return arrived

    def fields(self):
        found = []
        while line := self.line():
            matched = re.fullmatch(rb"(" + TOKEN + rb"): ?([\t -~\x80-\xff]*)", line)
            if not matched:
                raise Faulty(f"no header: {line[:100]!r}")
            found.append((matched[1].decode().lower(), matched[2].decode("latin-1")))
        return found

    def chunks(self):
        body = b""
        while True:
            size = self.line()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
                raise Faulty(f"no size of a chunk: {size[:100]!r}")
            if int(size, 16) == 0:
                return body, self.fields()
            body += self.exactly(int(size, 16))
            if self.line():
                raise Faulty("a chunk is longer than it says")

    def exactly(self, length):
        octets = self.rfile.read(length)
        if len(octets) < length:
            raise OSError
        return octets


@dataclasses.dataclass
class Case:
    name: str
    # Bytes of HTTP/1.1 as text, or frames of HTTP/2 made by a function that gets the path.
    sent: object
    # How many requests may arrive behind.
    arrive: tuple
    # The first one's body, if it arrives.
    body: bytes = b""


def post(more, body, version="1.1"):
    return f"POST /old/{CASE} HTTP/{version}\r\n{HOST}{more}\r\n{body}"


def get(more, behind="", start=f"GET /old/{CASE} HTTP/1.1"):
    return f"{start}\r\n{HOST}{more}\r\n{behind}"


CHUNKED, EMPTY = "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"
REFUSED, ONE, BOTH, ONE_AT_MOST, ANY = (0,), (1,), (2,), (0, 1), (0, 1, 2)


def lengths():
    """Who goes by one length must not leave the other to the server behind."""
    hidden = HIDDEN.encode()
    yield Case("CL.TE", post(f"Content-Length: {len(EMPTY + HIDDEN)}\r\n{CHUNKED}", EMPTY + HIDDEN), ONE_AT_MOST)
    yield Case("TE.CL", post(f"{CHUNKED}Content-Length: 4\r\n", f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n0\r\n\r\n"), ONE_AT_MOST, hidden)
    yield Case("CL.0", post(f"Content-Length: {len(HIDDEN)}\r\n", HIDDEN), ONE, hidden)
    yield Case("a GET with a body", get(f"Content-Length: {len(HIDDEN)}\r\n", HIDDEN), ONE, hidden)
    yield Case("0.CL", get("Content-Length: 0\r\n", HIDDEN), BOTH)
    yield Case("no length", post("", HIDDEN), BOTH)
    for one, other in ((5, 5), (0, 5), (5, 0), ("5", "05"), (5, "5 ")):
        yield Case(f"Content-Length twice, {one} and {other}", post(f"Content-Length: {one}\r\nContent-Length: {other}\r\n", "hello" + HIDDEN), ANY,
                   b"hello" if str(one) != "0" else b"")
    for length in ("5, 5", "5,0", "+5", "-5", "0x5", "5;", "", "5\t5", "\x0b5", "9" * 30):
        yield Case(f"Content-Length: {length!a}", post(f"Content-Length: {length}\r\n", "hello" + HIDDEN), ANY, b"hello")
    yield Case("Content-Length: 0005", post("Content-Length: 0005\r\n", "hello" + HIDDEN), ANY, b"hello")
    yield Case("Content_Length beside Content-Length", post("Content_Length: 90\r\nContent-Length: 5\r\n", "hello" + HIDDEN), ANY, b"hello")
    yield Case("a body that is not sent to its end", post("Content-Length: 500\r\n", "hello" + HIDDEN), ONE_AT_MOST)


def codings():
    """TE.TE: a Transfer-Encoding that one of two servers does not see."""
    whole = f"Content-Length: {len(EMPTY + HIDDEN)}\r\n"
    for field in ("Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: \x0bchunked",
                  "Transfer-Encoding: chunked\x0b", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, identity",
                  "Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
                  "Transfer-Encoding:\r\n chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked", " Transfer-Encoding: chunked",
                  "\x00Transfer-Encoding: chunked", "Transfer_Encoding: chunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: ChUnKeD",
                  "Transfer-Encoding: chunked;q=1", "Transfer-Encoding:", "Transfer\u2010Encoding: chunked"):
        # Where the field is another's, the body is what Content-Length says, and holds what is hidden.
        yield Case(f"{field!a} beside Content-Length", post(f"{whole}{field}\r\n", EMPTY + HIDDEN), ONE_AT_MOST, None)
    yield Case("chunked in HTTP/1.0", post(CHUNKED, EMPTY + HIDDEN, "1.0"), ONE_AT_MOST)


def chunks():
    yield Case("chunks", post(CHUNKED, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n" + HIDDEN), BOTH, b"hello world")
    for extension in (";a=b", ";a=\"b\"", "; a", ";" + "a" * 1000, ";a\nb", ";\"\r\n0\r\n\r\n", " ", "\t"):
        yield Case(f"a chunk with {extension[:20]!a} after its size", post(CHUNKED, f"5{extension}\r\nhello\r\n0\r\n\r\n{HIDDEN}"), ANY, b"hello")
    for size in ("05", "00000000000000005", "+5", "0x5", "5h", "-5", "\x0b5", "10000000000000005"):
        yield Case(f"a chunk of the size {size!a}", post(CHUNKED, f"{size}\r\nhello\r\n0\r\n\r\n{HIDDEN}"), ANY, b"hello")
    yield Case("a chunk that is longer than it says", post(CHUNKED, f"5\r\nhello{HIDDEN}\r\n0\r\n\r\n"), REFUSED)
    yield Case("LF after a chunk's size", post(CHUNKED, f"5\nhello\r\n0\r\n\r\n{HIDDEN}"), ANY, b"hello")
    for trailer in ("X-Sum: 1", "Content-Length: 90", "Transfer-Encoding: chunked", "Host: elsewhere", "X-Forwarded-For: 203.0.113.7", "X-Real-IP: 203.0.113.7",
                    "Connection: close", "X_Forwarded_For: 203.0.113.7", "Expect: 100-continue", "X: a\rb"):
        name = trailer.split(":")[0]
        yield Case(f"{trailer!a} as a trailer", post(f"{CHUNKED}Trailer: {name}\r\n", f"5\r\nhello\r\n0\r\n{trailer}\r\n\r\n{HIDDEN}"), ANY, b"hello")


def one_hop():
    """What is said of one connection ends with it."""
    for named in ("X-Secret", "close, X-Secret", "Host", "Content-Length", "Transfer-Encoding", "X-Forwarded-For, X-Real-IP, Via", "Connection", "x-secret,,;"):
        secret = "X-Secret: a\r\n" * ("secret" in named.lower())
        yield Case(f"Connection: {named}", post(f"Connection: {named}\r\n{secret}Content-Length: 5\r\n", "hello" + HIDDEN), ANY, b"hello")
    yield Case("two Connections", post("Connection: keep-alive\r\nConnection: X-Secret\r\nX-Secret: a\r\nContent-Length: 5\r\n", "hello" + HIDDEN), ANY, b"hello")
    yield Case("all of a hop", get("Keep-Alive: 5\r\nProxy-Connection: close\r\nProxy-Authorization: a\r\nTE: gzip, trailers\r\nForwarded: for=a\r\n"
                                   "X-Original-URL: /a\r\nConnection: TE\r\n", HIDDEN), BOTH)
    yield Case("Expect with a body", post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello" + HIDDEN), ANY, b"hello")
    yield Case("Expect without a body", get("Expect: 100-continue\r\n", HIDDEN), ANY)
    yield Case("Expect of what nobody knows", post("Expect: miracles\r\nContent-Length: 5\r\n", "hello" + HIDDEN), ANY, b"hello")
    same = f"GET http://localhost/old/{CASE} HTTP/1.1"
    yield Case("absolute form", get("", HIDDEN, same), BOTH)
    for target in ("http://elsewhere", "http://somebody@localhost", "ftp://localhost", "http://localhost:1"):
        yield Case(f"absolute form of {target}", get("", HIDDEN, f"GET {target}/old/{CASE} HTTP/1.1"), ONE_AT_MOST)
    yield Case("HTTP/1.0 without Host", f"GET /old/{CASE} HTTP/1.0\r\n\r\n", ONE)
    yield Case("a header folded", get(" X: y\r\n", HIDDEN), ANY)
    for line in ("X: a\x00b", "X: a\rb", "X: a\rX-Secret: b", "X\x00: a", "X Y: a"):
        yield Case(f"a header {line!a}", get(f"{line}\r\n", HIDDEN), REFUSED)
    yield Case("headers ended by LF", get("X: a\nY: b\n", HIDDEN), ANY)


def upgrades():
    """A connection that does not become another protocol's stays one of requests."""
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    socket_of = f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}Sec-WebSocket-Version: "
    yield Case("a WebSocket that is refused behind", get(f"{socket_of}13\r\n", HIDDEN), ANY)
    yield Case("a WebSocket of a version nobody knows", get(f"{socket_of}777\r\n", HIDDEN), ANY)
    yield Case("a WebSocket with a length", get(f"{socket_of}13\r\nContent-Length: 5\r\n", "hello" + HIDDEN), BOTH, b"hello")
    yield Case("a WebSocket with chunks", get(f"{socket_of}13\r\n{CHUNKED}", "5\r\nhello\r\n0\r\n\r\n" + HIDDEN), BOTH, b"hello")
    yield Case("a WebSocket by POST", post(f"{socket_of}13\r\nContent-Length: 5\r\n", "hello" + HIDDEN), ANY, b"hello")
    h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    yield Case("h2c", get(h2c, HIDDEN), BOTH)
    yield Case("h2c with a length", get(f"{h2c}Content-Length: 5\r\n", "hello" + HIDDEN), ANY, b"hello")
    yield Case("h2c beside a WebSocket", get(f"{socket_of}13\r\nUpgrade: h2c\r\n", HIDDEN), ANY)
    yield Case("the preface of HTTP/2", f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{HIDDEN}", REFUSED)


def http2(method="GET", *more, data=None, end=b"", path="{path}", authority="localhost", scheme="https"):
    """A request over HTTP/2; with `data` it has a body of these parts."""
    def sent(own):
        fields = block((":method", method), (":scheme", scheme), (":authority", authority), (":path", path.replace("{path}", own)), *more)
        if data is None:
            return headers(1, fields)
        last = 0 if end else END_STREAM
        parts = [frame(DATA, last * (number == len(data)), 1, part.replace(CASE.encode(), own[-len(CASE):].encode())) for number, part in enumerate(data, 1)]
        return headers(1, fields, END_HEADERS) + b"".join(parts) + end
    return sent


def downgrades():
    """HTTP/2 says lengths and ends by frames, HTTP/1.1 by what a header may forge."""
    hidden = HIDDEN.encode()
    yield Case("h2: a request", http2(), ONE)
    yield Case("h2: a body", http2("POST", data=[b"hel", b"lo"]), ONE, b"hello")
    yield Case("h2: a body of a length", http2("POST", ("content-length", "5"), data=[b"hello"]), ONE, b"hello")
    yield Case("h2: a length twice", http2("POST", ("content-length", "5"), ("content-length", "5"), data=[b"hello"]), ONE_AT_MOST, b"hello")
    yield Case("h2: a length with zeros", http2("POST", ("content-length", "005"), data=[b"hello"]), ONE_AT_MOST, b"hello")
    yield Case("h2: two lengths", http2("POST", ("content-length", "5"), ("content-length", "0"), data=[b"hello"]), REFUSED)
    for name, length, data in (("less", "0", [hidden]), ("less of several parts", "5", [b"hello", hidden]), ("more", "500", [b"hello"]), ("more than nothing", "5", None),
                               ("no number", "5 ", [b"hello"]), ("no number at all", "x", [b"hello"])):
        yield Case(f"h2: Content-Length says {name}", http2("POST", ("content-length", length), data=data), REFUSED)
    yield Case("h2: Content_Length", http2("POST", ("content_length", "0"), data=[hidden]), ONE_AT_MOST, hidden)
    for name, value in (("transfer-encoding", "chunked"), ("connection", "close"), ("connection", "x-secret"), ("keep-alive", "5"), ("proxy-connection", "close"),
                        ("upgrade", "h2c"), ("te", "gzip")):
        yield Case(f"h2: {name}", http2("POST", (name, value), ("x-secret", "a"), data=[EMPTY.encode() + hidden]), REFUSED)
    for value in ("a\r\nx-secret: b", "a\nx-secret: b", "a\rx-secret: b", "a\x00b", "a\r\n\r\nGET /old/hidden HTTP/1.1"):
        yield Case(f"h2: a header's value {value!a}", http2("GET", ("x", value)), REFUSED)
    for name in ("x\r\nx-secret: a\r\ny", "x: a\r\ny", "x y", "X", "", "x:"):
        yield Case(f"h2: a header's name {name!a}", http2("GET", (name, "a")), REFUSED)
    for bad in ("{path} HTTP/1.1\r\nx-secret: a\r\n", "{path}\r\nx", "{path} x", "{path}\x00", "http://elsewhere{path}", "*", ""):
        yield Case(f"h2: the path {bad!a}", http2(path=bad), REFUSED)
    yield Case("h2: a fragment in the path", http2(path="{path}#hidden"), ONE_AT_MOST)
    for method in ("GET /old HTTP/1.1\r\nx: ", "GET ", "GE\rT", ""):
        yield Case(f"h2: the method {method!a}", http2(method), REFUSED)
    for authority in ("localhost\r\nx-secret: a", "localhost, elsewhere", "a@localhost", "", "localhost/hidden"):
        yield Case(f"h2: the authority {authority!a}", http2(authority=authority), REFUSED)
    yield Case("h2: Host beside the authority", http2("GET", ("host", "elsewhere")), REFUSED)
    yield Case("h2: a scheme that is an address", http2(scheme="http://elsewhere/hidden?"), ONE_AT_MOST)
    yield Case("h2: two cookies", http2("GET", ("cookie", "a=1"), ("cookie", "b=2")), ONE)
    end = headers(1, block(("x-sum", "1"), ("content-length", "90")))
    yield Case("h2: trailers", http2("POST", ("trailer", "x-sum, content-length"), data=[b"hello"], end=end), ONE_AT_MOST, b"hello")
    forged = headers(1, block(("x-forwarded-for", "203.0.113.7"), ("x-real-ip", "203.0.113.7")))
    yield Case("h2: a client's word on itself as trailers", http2("POST", ("trailer", "x-forwarded-for, x-real-ip"), data=[b"hello"], end=forged), ONE_AT_MOST, b"hello")
    pseudo = headers(1, block((":path", "/old/hidden")))
    yield Case("h2: a pseudo-header as a trailer", http2("POST", data=[b"hello"], end=pseudo), ONE_AT_MOST, b"hello")
    for protocol in ("websocket", "ip"):
        yield Case(f"h2: CONNECT for {protocol}", http2("CONNECT", (":protocol", protocol), ("content-length", "5")), ANY, None)


CASES = [case for group in (lengths, codings, chunks, one_hop, upgrades, downgrades) for case in group()]


def over_http1(address, sent):
    """How many answers of the server behind come back."""
    received = b""
    with socket.create_connection(address, timeout=5) as stream:
        try:
            stream.sendall(sent.encode())
        except (BrokenPipeError, ConnectionResetError):
            pass
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            stream.settimeout(left)
            try:
                part = stream.recv(65536)
            except (TimeoutError, ConnectionResetError):
                break
            if not part:
                break
            received += part
    return len(re.findall(rb"(?:^|\n)HTTP/1\.[01] (?:204|426) ", received))


def over_http2(address, context, sent):
    with Connection(address, context) as connection:
        try:
            connection.send(sent)
            connection.read(PATIENCE_SECONDS, until=lambda connection: 1 in connection.statuses)
        except (Ended, Stalled):
            pass
        # 426 is in no table of HPACK, so it shows as some other; the cases that get it allow either.
        return int(connection.statuses.get(1) == 204)


def verdict(case, number, appliance, context, behind):
    """What is wrong with a case, and how many requests arrived."""
    name = f"case-{number:03}"
    if callable(case.sent):
        answers = over_http2(("127.0.0.1", appliance.tls_port), context, case.sent(f"/old/{name}"))
    else:
        answers = over_http1(("127.0.0.1", appliance.port), case.sent.replace(CASE, name))
    arrived = behind.of(name)
    wrong = []
    if len(arrived) not in case.arrive:
        wrong.append(f"{len(arrived)} requests arrived, allowed {' or '.join(map(str, case.arrive))}")
    if answers > len(arrived) or (not callable(case.sent) and answers < len(arrived)):
        wrong.append(f"{len(arrived)} requests arrived, and {answers} were answered")
    if arrived and case.body is not None and arrived[0].body != case.body.replace(CASE.encode(), name.encode()):
        wrong.append(f"its body arrived as {arrived[0].body[:60]!r}")
    for one in arrived:
        said = [field for field, _ in one.headers + one.trailers]
        forged = [value for field, value in one.headers + one.trailers if "203.0.113" in value]
        # Ours is the one that chunks bodies; a client's would stand beside Content-Length, which is no request.
        never = (NEVER - {"transfer-encoding"}) & set(said) | NEVER & {field for field, _ in one.trailers}
        if never or forged or any("_" in field for field in said):
            wrong.append(f"{sorted(never) or forged or said} arrived")
    return wrong, len(arrived)


def look(appliance, behind, verbose):
    """What is wrong with all cases."""
    context = appliance.trust()
    context.set_alpn_protocols(["h2"])
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(lambda case: verdict(case[1], case[0], appliance, context, behind), enumerate(CASES)))
    failures = [f"behind the proxy: {fault}" for fault in behind.faults]
    for case, (wrong, count) in zip(CASES, verdicts):
        if verbose:
            print(f"    {'BAD' if wrong else 'ok '} {count} {case.name}")
        failures.extend(f"behind the proxy: {case.name}: {fault}" for fault in wrong)
    good = sum(not wrong for wrong, _ in verdicts)
    print(f"{good} of {len(CASES)} cases arrive behind the proxy as they should, {sum(count for _, count in verdicts)} requests in all")
    return failures
