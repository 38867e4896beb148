"""HTTP Digest Access Authentication (RFC 7616, and RFC 2069 where the server knows no better)."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

from services.protocols import errors
from services.protocols.authentication.policy import Password

_HASHES: Final = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "MD5": "md5"}
_CHALLENGE: Final = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)\s+(?=[\w*-]+\s*=)")
_PARAMETER: Final = re.compile(r'([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_MOST: Final = 8192


def answer(  # noqa: PLR0913 (what the response is made of)
    challenge: str, password: Password, *, method: str, uri: str, body: bytes, nonce: str | None = None
) -> str | None:
    """The header `Authorization` for the strongest digest that `challenge` offers; None when it offers none.

    `challenge` is the header `WWW-Authenticate`, `uri` path and query as they are sent, `nonce` the client's: random
    unless a test says otherwise.

    Raises:
        Refusal: `authentication`: a digest is offered, by an algorithm or protection that is not known here.
    """
    offered = [parameters for scheme, parameters in _challenges(challenge) if scheme == "digest"]
    if not offered:
        return None
    for name in _HASHES:
        for parameters in offered:
            algorithm = parameters.get("algorithm", "MD5")
            if algorithm.upper().removesuffix("-SESS") == name and _protection(parameters) is not None:
                return _header(parameters, name, password, method, uri, body, nonce or secrets.token_hex(16))
    raise errors.unauthenticated("the server asks for a digest of a kind that is not supported (RFC 7616 lists those)")


def _challenges(header: str) -> list[tuple[str, dict[str, str]]]:
    """Scheme in lower case and parameters of each challenge."""
    header = header[:_MOST]
    starts = list(_CHALLENGE.finditer(header))
    found = []
    for match, following in zip(starts, [*starts[1:], None], strict=True):
        part = header[match.end() : following.start() if following else len(header)]
        parameters = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
            for name, quoted, plain in _PARAMETER.findall(part)
        }
        found.append((match[1].lower(), parameters))
    return found


def _protection(parameters: dict[str, str]) -> str | None:
    """`auth`, `auth-int`, empty for RFC 2069; None for one that is not known."""
    if "qop" not in parameters:
        return ""
    offered = {word.strip().lower() for word in parameters["qop"].split(",")}
    return next((word for word in ("auth", "auth-int") if word in offered), None)


def _header(  # noqa: PLR0913, PLR0917 (likewise)
    given: dict[str, str], name: str, password: Password, method: str, uri: str, body: bytes, nonce: str
) -> str:
    def digest(*parts: str | bytes) -> str:
        joined = b":".join(part if isinstance(part, bytes) else part.encode() for part in parts)
        return hashlib.new(_HASHES[name], joined, usedforsecurity=False).hexdigest()

    realm, theirs, protection = given.get("realm", ""), given.get("nonce", ""), _protection(given)
    user = str(password.username)
    first = digest(user, realm, str(password.password))
    if given.get("algorithm", "").upper().endswith("-SESS"):
        first = digest(first, theirs, nonce)
    second = digest(method, uri, digest(body)) if protection == "auth-int" else digest(method, uri)
    hashed = given.get("userhash", "").lower() == "true"
    members = {
        "username": _quoted(digest(user, realm) if hashed else user),
        "realm": _quoted(realm),
        "nonce": _quoted(theirs),
        "uri": _quoted(uri),
    }
    if "algorithm" in given:
        members["algorithm"] = given["algorithm"]
    if protection:
        count = "00000001"
        members["response"] = _quoted(digest(first, theirs, count, nonce, protection, second))
        members |= {"qop": protection, "nc": count, "cnonce": _quoted(nonce)}
    else:
        members["response"] = _quoted(digest(first, theirs, second))
    if "opaque" in given:
        members["opaque"] = _quoted(given["opaque"])
    if hashed:
        members["userhash"] = "true"
    return "Digest " + ", ".join(f"{member}={value}" for member, value in members.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
