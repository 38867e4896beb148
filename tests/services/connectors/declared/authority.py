"""An authority for one test: certificates, and a server over TLS that shows one and may ask for one."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "erp.example.com"


class Authority:
    """`file`: its own certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Authority of {folder.name}")])
        own = self._sign(self._name, self._key.public_key(), days=1, is_ca=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str = NAME, days: int = 1) -> tuple[str, str]:
        """A certificate that ends in so many days, and its key; both as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._sign(subject, key.public_key(), days=days, names=[x509.DNSName(name)])
        kind = serialization.PrivateFormat.PKCS8
        written = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
        return made.public_bytes(serialization.Encoding.PEM).decode(), written.decode()

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        days: int,
        is_ca: bool = False,
        names: list[x509.GeneralName] | None = None,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=30))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    @contextmanager
    def serving(self, days: int = 1, *, asks: bool = False) -> Iterator[tuple[int, list[str]]]:
        """A server of NAME: its port, and the names in the certificates that it was shown.

        In a thread, with sockets that wait: asyncio closes without the alert that ends a handshake.
        """
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate, key = self.issue(days=days)
        (self._folder / "server.pem").write_text(certificate + key)
        context.load_cert_chain(self._folder / "server.pem")
        if asks:
            context.load_verify_locations(self.file)
            context.verify_mode = ssl.CERT_REQUIRED
        shown: list[str] = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = Thread(target=_serve, args=(listener, context, shown))
            thread.start()
            try:
                yield listener.getsockname()[1], shown
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext, shown: list[str]) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        plain.settimeout(5)
        with plain.dup() as wire, contextlib.suppress(OSError):
            _answer(plain, context, shown)
            # Closed with something unread, a reset would overtake the alert.
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(65_536):
                pass


def _answer(plain: socket.socket, context: ssl.SSLContext, shown: list[str]) -> None:
    with contextlib.suppress(ssl.SSLError), context.wrap_socket(plain, server_side=True) as secure:
        while not secure.recv(65_536).endswith(b"\r\n\r\n"):
            pass
        given: Any = secure.getpeercert()
        shown.append(given["subject"][0][0][1] if given else "")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        secure.sendall(head + b"{}")
