"""Asks a plain-text broker on this machine for its metadata: is it ready, and is it ours?

Synchronous and silent, since it is asked twenty times a second while a broker starts, also from within a running event loop;
the client library logs every refused connection as an error. Wire format: Kafka protocol, Metadata request version 4.
"""

from __future__ import annotations

import contextlib
import socket
import struct

METADATA, VERSION, CORRELATION = 3, 4, 1
_REQUEST = struct.pack(">hhih", METADATA, VERSION, CORRELATION, -1) + struct.pack(">i?", 0, False)
"""Header without a client id; no topics, no auto-creation."""
LARGEST_ANSWER = 64 * 1024


def cluster_id(port: int, *, timeout: float = 2.0) -> str | None:
    """The cluster id told by the broker at a loopback port once it leads its cluster; None where nothing such answers."""
    with contextlib.suppress(OSError, struct.error, ValueError), socket.create_connection(("127.0.0.1", port), timeout) as link:
        link.settimeout(timeout)
        link.sendall(struct.pack(">i", len(_REQUEST)) + _REQUEST)
        (size,) = struct.unpack(">i", _exactly(link, 4))
        if not 0 < size <= LARGEST_ANSWER:
            return None
        return _parse(_exactly(link, size))
    return None


def _exactly(link: socket.socket, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        if not (part := link.recv(count - len(parts))):
            raise ValueError("closed early")
        parts += part
    return parts


def _parse(answer: bytes) -> str | None:
    correlation, _throttle, brokers = struct.unpack_from(">iii", answer)
    at = 12
    for _ in range(brokers):
        at += 4  # node id
        _, at = _text(answer, at)
        at += 4  # port
        _, at = _text(answer, at)  # rack
    cluster, at = _text(answer, at)
    (controller,) = struct.unpack_from(">i", answer, at)
    return cluster if correlation == CORRELATION and brokers > 0 and controller >= 0 else None


def _text(answer: bytes, at: int) -> tuple[str | None, int]:
    (length,) = struct.unpack_from(">h", answer, at)
    if length < 0:
        return None, at + 2
    return answer[at + 2 : at + 2 + length].decode("utf-8"), at + 2 + length
