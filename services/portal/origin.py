"""Whether a request comes from this host's own pages (S-64). The cookie says who; this says from where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from infra.problems import Forbidden
from services.api.edge import name_of

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM: Final = re.compile(rb"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_PORTS: Final = {b"http": b"80", b"https": b"443"}
# Where servers come to, which have no pages and no cookies: what they send is signed, or has a notice's link.
_SERVERS: Final = re.compile(r"/portal/(providers/[^/]+/logout|notices/[^/]+)")
_PRIVATE: Final = (
    *("/v1/", "/portal/session", "/portal/reconnect", "/portal/link", "/portal/second-factor"),
    "/portal/passkeys",
)


class CrossSite(Forbidden):
    """The request was begun by a page of another site, or does not say by whose. Use the pages of this host."""

    name = "cross-site"
    title = "This request comes from elsewhere"


def check(method: str, path: str, headers: Mapping[bytes, bytes]) -> None:
    """Pass what this host's pages send, and what is only looked at.

    Raises:
        CrossSite: a change that another site began, or a look at what is private.
    """
    site = headers.get(b"sec-fetch-site")
    if method in _SAFE:
        # A person may open an address ("none"); another site's page may not, since it could measure the answer.
        if site in {b"cross-site", b"same-site"} and path.startswith(_PRIVATE):
            raise CrossSite
        return
    if _SERVERS.fullmatch(path):
        return
    if site not in {None, b"same-origin"} or not is_own(headers.get(b"origin", b""), headers[b"host"]):
        raise CrossSite


def is_own(origin: bytes, host: bytes) -> bool:
    """Whether `origin` is that of `host`, port included: cookies know no ports, origins do."""
    match = _FORM.fullmatch(origin)
    if match is None:
        return False
    name, scheme = name_of(host), match["scheme"]
    if scheme == b"http" and not is_local(name):
        return False
    _, mark, port = host.rpartition(b":")
    given = port if mark and port.isdigit() else _PORTS[scheme]
    return match["host"].decode() == name and (match["port"] or _PORTS[scheme]) == given


def of(host: str) -> str:
    """The origin of a partner's host: https, but for this machine's own names, which keep their port."""
    name = name_of(host.encode())
    if not is_local(name):
        return f"https://{name}"
    _, mark, port = host.rpartition(":")
    return f"http://{name}:{port}" if mark and port.isdigit() else f"http://{name}"


def is_local(name: str) -> bool:
    """Whether browsers keep the name on this machine and trust it without TLS (RFC 6761, 6.3)."""
    return name == "localhost" or name.endswith(".localhost")
