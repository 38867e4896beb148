"""What was said without the secrets that were used to have it said (S-72): each is known again in every common form.

Masking by the names of headers and fields comes beside it, where those are known: secrets that nobody gave us have no
value here to be searched for.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any, Final, NoReturn, Self
from urllib.parse import quote, quote_plus

import msgspec

from infra.encryption.secret import MIN_LENGTH, Secret, SecretLeakError

MASK: Final = "[redacted]"
_HELD_MOST: Final = 16
_ESCAPED: Final = "\"'\\/"
_PLAIN: Final = re.compile(r"[^\"'\\/\x80-\U0010ffff]*")
_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)
_SCHEMES: Final = ("Bearer ", "Basic ", "Session ", "Token ", "ApiKey ")


class Hider:
    """Masks some secrets. Holds them in many forms, so it shows nothing of itself."""

    __slots__ = ("_escaped", "_forms", "_values", "_written")

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._values = frozenset(secret.reveal() for secret in secrets)
        found = {form for value in self._values for form in forms(value)}
        # The longest first: a form that stands inside of another one would leave its rest.
        self._forms = tuple(sorted(found, key=len, reverse=True))
        self._escaped = _pattern(self._values)
        self._written = {json.dumps(form, ensure_ascii=False)[1:-1].encode("utf-8", "replace") for form in found}

    def __repr__(self) -> str:
        return f"Hider({len(self._values)})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise SecretLeakError("What hides secrets holds them")

    def __bool__(self) -> bool:
        return bool(self._forms)

    def besides(self, secrets: Iterable[Secret]) -> Self:
        """This one with those of `secrets` that are not made of what it knows, as a header of a known token is."""
        more = [secret for secret in secrets if not self._knows(secret.reveal())]
        return type(self)([*map(Secret, self._values), *more]) if more else self

    def text(self, given: str) -> str:
        for form in self._forms:
            if form in given:
                given = given.replace(form, MASK)
        return given if self._escaped is None else self._escaped.sub(MASK, given)

    def value(self, given: Any) -> Any:
        """The JSON value with every secret masked in its texts and names; the same object where there is none."""
        return self._masked(given) if self._forms and self._stands_in(given) else given

    def _stands_in(self, given: Any) -> bool:
        """Whether any is in it: one look at the whole as JSON, since most answers hold none."""
        try:
            whole = _ENCODER.encode(given)
        except (TypeError, ValueError, RecursionError):
            return True
        if any(form in whole for form in self._written):
            return True
        return self._escaped is not None and self._escaped.search(whole.decode("utf-8", "replace")) is not None

    def _masked(self, given: Any) -> Any:
        if isinstance(given, str):
            return self.text(given)
        if isinstance(given, dict):
            return {self._masked(name): self._masked(member) for name, member in given.items()}
        return [self._masked(member) for member in given] if isinstance(given, list) else given

    def _knows(self, value: str) -> bool:
        if value in self._values or any(form in value for form in self._forms):
            return True
        return any(value.removeprefix(scheme) in self._values for scheme in _SCHEMES)


_HELD: Final[ContextVar[tuple[Secret, ...]]] = ContextVar("held", default=())


def hold(secrets: Iterable[Secret]) -> None:
    """That these are used from here on, in this task: nothing that it logs or is answered shows them."""
    held = _HELD.get()
    new = tuple(one for one in secrets if one not in held)
    if new:
        _HELD.set((*held, *new)[-_HELD_MOST:])


def here(known: Hider | None = None) -> Hider:
    """`known` with what this task holds."""
    held, known = _HELD.get(), NOTHING if known is None else known
    return known.besides(_bare(held)) if held else known


def forms(value: str) -> set[str]:
    """The texts in which `value` may stand: as it is, and as URLs, JSON, markup, base64 and hexadecimals write it.

    Base64 also as a part of something longer, as in the pair of a name and a password: at one of three alignments, its
    ends decided by its neighbours.
    """
    return {form for form in _forms(value) if len(form) >= MIN_LENGTH}


def _forms(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    for safe in ("", "/", "!'()*"):
        escaped = quote(raw, safe=safe)
        yield from (escaped, _lower_escapes(escaped))
    yield from (quote_plus(raw), _lower_escapes(quote_plus(raw)))
    for text in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield from (text, text.replace("/", "\\/"), json.dumps(text)[1:-1])
    yield from (html.escape(value), html.escape(value, quote=False), html.escape(value).replace("&#x27;", "&apos;"))
    yield from (repr(value)[1:-1], raw.hex(), raw.hex().upper())
    for encoded in _base64(raw):
        yield from (encoded, encoded.replace("+", "-").replace("/", "_"), quote(encoded, safe=""))


def _base64(raw: bytes) -> Iterator[str]:
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")
        yield text[(0, 2, 3)[shift] : len(text) - 1 or None]


def _pattern(values: Iterable[str]) -> re.Pattern[str] | None:
    """Values with characters that are escaped, escaped any number of times: a text that is quoted in a quoted text."""
    found = [value for value in sorted(values, key=len, reverse=True) if not _PLAIN.fullmatch(value)]
    return re.compile("|".join("".join(map(_any_escape, value)) for value in found)) if found else None


def _any_escape(character: str) -> str:
    if character in _ESCAPED:
        return r"\\*" + re.escape(character)
    if character.isascii():
        return re.escape(character)
    written = json.dumps(character)[1:-1].replace("\\", r"\\+")
    return f"(?:{re.escape(character)}|{written})"


def _lower_escapes(text: str) -> str:
    """`%2F` as `%2f`."""
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _bare(held: Iterable[Secret]) -> list[Secret]:
    """Those of headers without their scheme."""
    found = []
    for one in held:
        value = one.reveal()
        for scheme in _SCHEMES:
            value = value.removeprefix(scheme)
        found.append(one if len(value) < MIN_LENGTH else Secret(value))
    return found


NOTHING: Final = Hider(())
