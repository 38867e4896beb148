"""A certificate of ours that TLS shows to the other side (RFC 8446, 4.4.2), for systems that ask for one."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from infra.egress.messages import Identity, Refused

_KEPT: Final = 256
_UNREADABLE: Final = "The certificate and its key cannot be used: both are PEM, the key without a password, and a pair"


class Identities:
    """TLS contexts by identity: a connection that was made with one is kept for it alone."""

    def __init__(self, trust: ssl.SSLContext | None) -> None:
        self._trust = trust
        self._kept: OrderedDict[bytes, ssl.SSLContext] = OrderedDict()

    def context(self, identity: Identity) -> ssl.SSLContext:
        """Raises Refused, rule `credential`: it is no certificate with its key."""
        mark = identity.mark
        found = self._kept.pop(mark, None) or self._made(identity)
        self._kept[mark] = found
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    def _made(self, identity: Identity) -> ssl.SSLContext:
        made = ssl.create_default_context()
        if self._trust is not None:
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            made.load_verify_locations(cadata=b"".join(self._trust.get_ca_certs(binary_form=True)))
        text = f"{identity.certificate.strip()}\n{identity.key.reveal().strip()}\n"
        try:
            with _file(text.encode()) as path:
                made.load_cert_chain(path, password=lambda: b"")
        except (ssl.SSLError, ValueError, OSError):
            raise Refused("credential", _UNREADABLE) from None
        return made


@contextlib.contextmanager
def _file(content: bytes) -> Iterator[str]:
    """A path of `content`: OpenSSL reads keys from files alone. In memory, where the system has such files."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("identity", os.MFD_CLOEXEC)
        try:
            os.write(handle, content)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    with tempfile.NamedTemporaryFile() as file:  # its owner's alone
        file.write(content)
        file.flush()
        yield file.name
