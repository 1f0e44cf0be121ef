"""Servers as an organisation has them: Kafka with SASL over TLS, PostgreSQL reached by TLS only, certificates of an own CA."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.stack import Kafka, jar_cache
from services.stack.jars import class_path
from services.stack.java import java
from services.stack.ports import free_port

USER, PASSWORD = "petitions", "wortlaut-93"
MECHANISMS = ("PLAIN", "SCRAM-SHA-512")


def certificates(folder: Path) -> tuple[Path, Path]:
    """(authority, server): PEM files of a new CA and of a certificate for 127.0.0.1 together with its key."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("test authority", "127.0.0.1")]

    def signed(which: int, *, authority: bool) -> x509.Certificate:
        made = (
            x509.CertificateBuilder().subject_name(names[which]).issuer_name(names[0]).public_key(keys[which].public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )  # fmt: skip
        if not authority:
            made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        return made.sign(keys[0], hashes.SHA256())

    pem = serialization.Encoding.PEM
    authority, server = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(signed(0, authority=True).public_bytes(pem))
    key = keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server.write_bytes(key + signed(1, authority=False).public_bytes(pem))
    return authority, server


class SecuredKafka(Kafka):
    """A broker with a second listener: TLS, and a user known by PLAIN and by SCRAM. The plain one is the test's own."""

    def __init__(self, home: Path, server: Path) -> None:
        super().__init__(home, jar_cache())
        self.certificate = server
        self.secured = free_port()

    def _configure(self, port: int) -> None:
        super()._configure(port)
        properties = self.folder / "server.properties"
        text = properties.read_text("utf-8").replace(",CONTROLLER:PLAINTEXT", ",CONTROLLER:PLAINTEXT,SECURED:SASL_SSL")
        for name in ("listeners", "advertised.listeners"):
            text = text.replace(f"\n{name}=", f"\n{name}=SECURED://127.0.0.1:{self.secured},")
        login = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        text += (
            f"ssl.keystore.type=PEM\nssl.keystore.location={self.certificate}\nsasl.enabled.mechanisms={','.join(MECHANISMS)}\n"
            f"listener.name.secured.plain.sasl.jaas.config={login}\n"
            "listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n"
            "inter.broker.listener.name=PLAINTEXT\n"
        )
        properties.write_text(text, "utf-8")

    def add_user(self, port: int) -> None:
        """Make the SCRAM user known, over the plain listener."""
        command = [
            str(java()), "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", class_path(self.cache),
            "kafka.admin.ConfigCommand", "--bootstrap-server", f"127.0.0.1:{port}", "--alter", "--entity-type", "users",
            "--entity-name", USER, "--add-config", f"SCRAM-SHA-512=[password={PASSWORD}]",
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=60)


SSL_REQUEST = struct.pack(">ii", 8, 80877103)


class TlsOnly:
    """A door in front of PostgreSQL that asks for TLS, as its own server would; whoever speaks plainly is sent away.

    The wheel's PostgreSQL is built without OpenSSL, so TLS ends here.
    """

    def __init__(self, behind: int, server: Path) -> None:
        self.behind = behind
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(server)
        self.port = 0
        self.encrypted = self.refused = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[TlsOnly]:
        """Serve from a thread of its own until the block ends."""
        loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        async def serve() -> None:
            listening = await asyncio.start_server(self._greet, "127.0.0.1", 0)
            self.port = listening.sockets[0].getsockname()[1]
            ready.set()
            await done.wait()
            listening.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        ready.wait()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(done.set)
            thread.join(10)
            loop.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if await reader.readexactly(8) != SSL_REQUEST:
                self.refused += 1
                writer.close()
                return
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(self.context)
            self.encrypted += 1
            inner, outer = await asyncio.open_connection("127.0.0.1", self.behind)
            await asyncio.gather(_pump(reader, outer), _pump(inner, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while part := await source.read(65536):
            target.write(part)
            await target.drain()
    target.close()
