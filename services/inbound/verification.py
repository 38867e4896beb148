"""Whether a request is from whom it says: over its raw bytes, in constant time, by the style of its endpoint.

Styles are those in use: Standard Webhooks; an HMAC-SHA256 in a header (GitHub, Shopify), with a time beside it (Slack)
or within it (Stripe); and a token that never changes, for systems that know nothing better.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from infra.header_names import is_usable

TOLERANCE: Final = 300
"""Seconds that a signature's time may be from ours, both ways."""
MOST_SIGNATURES: Final = 10
PREFIX: Final = "whsec_"
_BODY: Final = "{body}"
_STAMP: Final = "{timestamp}"
_SEEN: Final = re.compile(r"(\{body\}|\{timestamp\})")
_SECONDS: Final = re.compile(rb"[0-9]{1,12}")
_FIELD: Final = re.compile(r"[A-Za-z0-9_-]{0,16}")
_VISIBLE: Final = re.compile(r"[\x20-\x7e]{0,100}")
_NOT_THESE: Final = frozenset({"cookie", "content-type", "content-encoding", "range"})
_LEAST_KEY, _MOST_KEY = 24, 64  # bytes, as the specification of Standard Webhooks asks for

Headers = Iterable[tuple[bytes, bytes]]
"""As a server hands them in: lower-case names, in their order, each as often as it came."""
Style = Literal["standard-webhooks", "hmac-sha256", "token"]


class Verification(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """How a sender proves itself. What a style does not name is left out."""

    style: Annotated[
        Style,
        Meta(description="`token`: a secret that is sent as it is. Only for systems that cannot sign: it is weak."),
    ]
    header: Annotated[
        str, Meta(max_length=100, description="Where signature or token stand.", examples=["X-Hub-Signature-256"])
    ] = ""
    encoding: Annotated[Literal["hex", "base64"], Meta(description="Of the signature; hex in lower case.")] = "hex"
    prefix: Annotated[
        str, Meta(max_length=32, description="What stands before it, such as `sha256=` or `Bearer `.")
    ] = ""
    signed: Annotated[
        str,
        Meta(max_length=64, description="What is signed.", examples=["{timestamp}.{body}", "v0:{timestamp}:{body}"]),
    ] = _BODY
    timestamp_header: Annotated[str, Meta(max_length=100, description="Where the time of signing stands.")] = ""
    timestamp_field: Annotated[
        str, Meta(max_length=16, description="Its name in a header of the form `t=…,v1=…`.", examples=["t"])
    ] = ""
    signature_field: Annotated[str, Meta(max_length=16, description="The signature's name there.", examples=["v1"])] = (
        ""
    )

    @property
    def has_time(self) -> bool:
        return self.style == "standard-webhooks" or bool(self.timestamp_header or self.timestamp_field)


def faults(given: Verification) -> Iterator[tuple[str, str]]:
    """What does not go together: the pointer of a member, and what is wrong with it."""
    allowed = _MEMBERS.get(given.style, frozenset(given.__struct_fields__))
    for name in given.__struct_fields__:
        if name not in allowed and getattr(given, name) != getattr(_PLAIN, name):
            yield f"/{name}", f"is not of the style {given.style}"
    if given.style == "standard-webhooks":
        return
    yield from _faults_of_header(given.header, "/header")
    if not _VISIBLE.fullmatch(given.prefix):
        yield "/prefix", "has visible ASCII characters only"
    if given.style == "hmac-sha256":
        yield from _faults_of_signing(given)


def _faults_of_header(name: str, pointer: str) -> Iterator[tuple[str, str]]:
    if not is_usable(name) or name.lower() in _NOT_THESE:
        yield pointer, "names no header that a sender may set"


def _faults_of_signing(given: Verification) -> Iterator[tuple[str, str]]:
    if given.signed.count(_BODY) != 1 or given.signed.count(_STAMP) > 1 or not _VISIBLE.fullmatch(given.signed):
        yield "/signed", f"names {_BODY} once, {_STAMP} at most once, and has visible ASCII characters only"
    if given.timestamp_header:
        yield from _faults_of_header(given.timestamp_header, "/timestamp_header")
    if bool(given.timestamp_field) != bool(given.signature_field):
        yield "/signature_field", "goes with timestamp_field, and the other way round"
    for name in ("timestamp_field", "signature_field"):
        if not _FIELD.fullmatch(getattr(given, name)):
            yield f"/{name}", "has letters, digits, hyphens and underscores only"
    if given.timestamp_field and given.timestamp_field == given.signature_field:
        yield "/signature_field", "is not timestamp_field"
    if given.timestamp_field and (given.timestamp_header or given.prefix):
        yield "/timestamp_field", "goes with neither timestamp_header nor prefix"
    if (_STAMP in given.signed) is not given.has_time:
        yield (
            "/signed",
            f"names {_STAMP} where a time is declared, and only there: one that is not signed proves nothing",
        )


_PLAIN: Final = Verification(style="token")
_MEMBERS: Final = {
    "standard-webhooks": frozenset({"style"}),
    "token": frozenset({"style", "header", "prefix"}),
}


def weaknesses(given: Verification) -> list[str]:
    """What the style itself cannot prevent, in words for the reader of an endpoint."""
    if given.style == "token":
        return ["static-token"]
    return [] if given.has_time else ["no-timestamp"]


def key_of(given: Verification, secret: str) -> bytes:
    """What is signed with, of a secret as people have it.

    Raises:
        ValueError: it is none of that style; the message says why.
    """
    if given.style != "standard-webhooks":
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"must be {PREFIX} and base64") from None
    if not _LEAST_KEY <= len(key) <= _MOST_KEY:
        raise ValueError(f"must have {_LEAST_KEY} to {_MOST_KEY} bytes")
    return key


def one(headers: Headers, name: str) -> bytes | None:
    """The value of a header; None where it is missing, and where it came twice: who knows which one counts."""
    wanted = name.lower().encode()
    found = [value for key, value in headers if key == wanted]
    return found[0].strip(b" \t") if len(found) == 1 else None


def is_verified(given: Verification, keys: Sequence[bytes], headers: Headers, body: bytes, now: float) -> bool:
    """Whether somebody who has one of `keys` sent this. Every comparison is made, and each takes as long."""
    if given.style == "token":
        sent = one(headers, given.header)
        return sent is not None and _is_any([sent], [given.prefix.encode() + key for key in keys])
    found = _standard(headers) if given.style == "standard-webhooks" else _declared(given, headers)
    if found is None:
        return False
    stamp, before, after, candidates = found
    if stamp is not None and not _is_near(stamp, now):
        return False
    message = b"".join((before, body, after))
    digests = [hmac.digest(key, message, "sha256") for key in keys]
    if given.style == "standard-webhooks" or given.encoding == "base64":
        return _is_any(candidates, [base64.b64encode(one) for one in digests])
    return _is_any(candidates, [one.hex().encode() for one in digests])


_Found = tuple[bytes | None, bytes, bytes, list[bytes]]
"""The time, what is signed before and after the body, and the signatures."""


def _standard(headers: Headers) -> _Found | None:
    sent_id, stamp, signatures = (one(headers, f"webhook-{part}") for part in ("id", "timestamp", "signature"))
    if not sent_id or not stamp or not signatures:
        return None
    looked_at = signatures.split(b" ", MOST_SIGNATURES)[:MOST_SIGNATURES]
    return stamp, b"%b.%b." % (sent_id, stamp), b"", [part[3:] for part in looked_at if part[:3] == b"v1,"]


def _declared(given: Verification, headers: Headers) -> _Found | None:
    sent = one(headers, given.header)
    if not sent:
        return None
    stamp: bytes | None = None
    if given.timestamp_field:
        pairs = [part.strip(b" ").partition(b"=") for part in sent.split(b",", MOST_SIGNATURES + 1)]
        pairs = pairs[: MOST_SIGNATURES + 1]
        stamps = [value for name, _, value in pairs if name == given.timestamp_field.encode()]
        candidates = [value for name, _, value in pairs if name == given.signature_field.encode()][:MOST_SIGNATURES]
        stamp = stamps[0] if len(stamps) == 1 else None
    else:
        prefix = given.prefix.encode()
        candidates = [sent[len(prefix) :]] if sent.startswith(prefix) else []
        stamp = one(headers, given.timestamp_header) if given.timestamp_header else None
    if given.has_time and stamp is None:
        return None
    before, _, after = given.signed.partition(_BODY)
    return stamp, _filled(before, stamp), _filled(after, stamp), candidates


def _filled(text: str, stamp: bytes | None) -> bytes:
    return b"".join((stamp or b"") if part == _STAMP else part.encode() for part in _SEEN.split(text))


def _is_near(stamp: bytes, now: float) -> bool:
    return _SECONDS.fullmatch(stamp) is not None and abs(now - int(stamp)) <= TOLERANCE


def _is_any(candidates: Iterable[bytes], expected: Sequence[bytes]) -> bool:
    found = False
    for candidate in candidates:
        for wanted in expected:
            found |= hmac.compare_digest(candidate, wanted)
    return found
