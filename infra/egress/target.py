"""A URL, parsed once. What is checked is what is dialled: no other parser sees the text again (S-54)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

import idna
import msgspec
from yarl import URL

from infra.egress.addresses import Address
from infra.egress.addresses import read as read_address
from infra.egress.messages import Refused

MAX_URL: Final = 8000
_FORM: Final = re.compile(r"([A-Za-z]+)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?")
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\#]|%00")
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\[\]:@%]+)(?::([0-9]{1,5}))?")
_NAME: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port. `host` is lower-case ASCII; `address` is set when the host is an address itself."""

    scheme: str
    host: str
    port: int
    address: Address | None

    @property
    def text(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


class Target(msgspec.Struct, frozen=True):
    origin: Origin
    url: URL


def parse(text: str) -> Target:
    """The parsed form of an absolute http or https URL.

    Raises:
        Refused: rule `url`, `scheme`, `userinfo` or `host`.
    """
    if len(text) > MAX_URL or _UNSAFE.search(text):
        raise Refused("url", "The URL is too long or holds a space, control character, backslash or fragment")
    match = _FORM.fullmatch(text)
    if match is None:
        raise Refused("url", "The URL is not absolute")
    origin = _origin(match[1].lower(), match[2])
    path, query = match[3] or "/", (match[4] or "")[1:]
    if not text.isascii():
        path, query = quote(path, safe=_PRINTABLE), quote(query, safe=_PRINTABLE)
    url = URL.build(
        scheme=origin.scheme, host=origin.host, port=origin.port, path=path, query_string=query, encoded=True
    )
    return Target(origin, url)


@lru_cache(maxsize=4096)
def canonical_origin(text: str) -> str:
    """`scheme://host[:port]` in the form that `Origin.text` has, whatever path follows.

    Raises:
        Refused: as `parse`.
    """
    return parse(text).origin.text


def request_target(text: str) -> str:
    """Path and query of a URL as they are sent (RFC 9112, 3.2.1).

    Raises:
        Refused: as `parse`.
    """
    return parse(text).url.raw_path_qs


def place(host: str, port: int) -> Origin:
    """A host and port that came apart, by the rules of a URL's; the scheme is `https`.

    Raises:
        Refused: rule `userinfo` or `host`.
    """
    return _origin("https", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def join(base: str, path: str) -> str:
    """`path` put behind `base`; never resolved against it, so no path can leave the base (S-56).

    Raises:
        Refused: rule `url`: a dot segment, in any encoding, a `//`, a backslash or an absolute URL in `path`.
    """
    plain = unquote(unquote(path.partition("?")[0]))
    segments = plain.split("/")
    if "\\" in plain or "://" in plain or plain.startswith("//") or any(part in {".", ".."} for part in segments):
        raise Refused("url", "The path may not lead out of the connection's base URL")
    return f"{base.rstrip('/')}/{path.removeprefix('/')}" if path else base


@lru_cache(maxsize=4096)
def _origin(scheme: str, authority: str) -> Origin:
    if scheme not in _DEFAULT_PORTS:
        raise Refused("scheme", "Only https, and http where the connection allows it, may be called")
    if "@" in authority:
        raise Refused("userinfo", "The URL may not hold a user name or password")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise Refused("host", "The URL's host or port cannot be read")
    port = int(match[2]) if match[2] else _DEFAULT_PORTS[scheme]
    host, address = _host(match[1])
    return Origin(scheme, host, port, address)


def _host(text: str) -> tuple[str, Address | None]:
    if text.startswith("["):
        address = _address(text[1:-1])
        return str(address), address
    try:
        host = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError as error:
        raise Refused("host", "The URL's host is no domain name") from error
    host = host.removesuffix(".")
    if len(host) > 253 or not _NAME.fullmatch(host):  # noqa: PLR2004 (RFC 1035, 2.3.4)
        raise Refused("host", "The URL's host is no domain name")
    # The resolver would make 127.0.0.1 of 127.1, 2130706433 and 0x7f.1: a last label that is a number is an address.
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        address = _address(host)
        return str(address), address
    return host, None


def _address(text: str) -> Address:
    try:
        return read_address(text)
    except ValueError as error:
        raise Refused("host", "The URL's host is a malformed address") from error
