"""Servers on loopback that answer as a test says: byte for byte, slowly, or not at all."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Listener:
    """A server and what reached it."""

    port: int
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)

    def read_request(self, connection: socket.socket) -> bytes:
        """One HTTP request, by its announced length."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += connection.recv(65536)
        self.heard.append(head + b"\r\n\r\n" + body)
        return body


@contextmanager
def listening(script: Callable[[Listener, socket.socket], None], *, host: str = "127.0.0.1") -> Iterator[Listener]:
    """Run the script for every connection, each in a thread of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family)
    server.bind((host, 0))
    server.listen()
    listener = Listener(port=server.getsockname()[1])
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def run(connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            script(listener, connection)
        connection.close()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                listener.connections += 1
                connection.settimeout(5)
                opened.append(connection)
                threads.append(threading.Thread(target=run, args=[connection]))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        for connection in opened:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        for thread in threads:
            thread.join()


def answering(answer: bytes) -> Callable[[Listener, socket.socket], None]:
    """Read a request, then send these bytes and hang up."""

    def script(listener: Listener, connection: socket.socket) -> None:
        listener.read_request(connection)
        connection.sendall(answer)

    return script


def make_certificate(folder: Path) -> ssl.SSLContext:
    """A server's context for localhost; its certificate, in certificate.pem, is signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
