"""HTTP/2 as RFC 9113 has it on the wire, by hand, so that a client can say what no library would let it say."""

import select
import socket
import ssl
import struct
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
INITIAL_WINDOW_SIZE = 4
CANCEL = 8


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", {"initial_window_size": INITIAL_WINDOW_SIZE}[name], value)
                                            for name, value in values.items()))


def text(value):
    """A text of HPACK (RFC 7541 5.2), without Huffman's code."""
    value = value.encode("latin-1")
    return integer(len(value), 7) + value


def integer(value, bits):
    """A number of HPACK (RFC 7541 5.1)."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([value])
    coded, value = bytearray([limit]), value - limit
    while value >= 128:
        coded.append(value % 128 + 128)
        value //= 128
    return bytes(coded) + bytes([value])


def block(*fields):
    """A block of headers, each literal and not to be remembered."""
    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def request(path="/health", method="GET", *more):
    return block((":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path), *more)


def headers(stream, fields, flags=END_STREAM | END_HEADERS):
    return frame(HEADERS, flags, stream, fields)


class Ended(Exception):
    """The server closed the connection; by which of RFC 9113's codes, if it said so."""


class Stalled(Exception):
    """The server takes nothing any more, and has not closed."""


class Connection:
    """One connection to an HTTP/2 server over TLS."""

    def __init__(self, address, context, begin=True):
        plain = socket.create_connection(address, timeout=5)
        self.stream = context.wrap_socket(plain, server_hostname="localhost")
        self.chosen = self.stream.selected_alpn_protocol()
        self.unread = b""
        # What came: pairs of kind and stream, and the first byte of each block of headers, which holds the usual statuses.
        self.came, self.statuses, self.farewell = [], {}, None
        if begin:
            self.send(PREFACE + settings())

    def send(self, octets):
        try:
            self.stream.sendall(octets)
        except TimeoutError as timeout:
            raise Stalled from timeout
        except (OSError, ssl.SSLError) as closed:
            # What it said before may still be there.
            self.read(0)
            raise Ended(repr(closed)) from closed

    def read(self, seconds, until=lambda connection: False):
        """Takes what comes within so long; `Ended` if the connection is closed meanwhile, or by a GOAWAY."""
        deadline = time.monotonic() + seconds
        while not until(self):
            left = max(deadline - time.monotonic(), 0)
            if not self.stream.pending() and not select.select([self.stream], [], [], left)[0]:
                break
            try:
                octets = self.stream.recv(65536)
            except (OSError, ssl.SSLError) as closed:
                raise Ended(repr(closed)) from closed
            if not octets:
                raise Ended("without a word")
            self.take(octets)
        if self.farewell is not None:
            raise Ended(f"by code {self.farewell}")

    def take(self, octets):
        self.unread += octets
        while len(self.unread) >= 9:
            length, kind, flags, stream = struct.unpack(">IBBI", b"\x00" + self.unread[:9])
            if len(self.unread) < 9 + length:
                return
            payload, self.unread = self.unread[9:9 + length], self.unread[9 + length:]
            self.came.append((kind, stream))
            if kind == HEADERS:
                self.statuses[stream] = status(payload)
            elif kind == GOAWAY:
                self.farewell = struct.unpack(">I", payload[4:8])[0]

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def status(fields):
    """The status of an answer, if it is one of HPACK's static table; 0 for another, which is a refusal here."""
    # The size of the table may be told before it.
    while fields and fields[0] >> 5 == 1:
        fields = fields[1:]
    known = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
    return known.get(fields[0], 0) if fields else 0
