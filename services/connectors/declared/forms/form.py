"""What a form of talking is asked, and plain JSON, which the others build upon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

import msgspec

from infra.egress import Response
from services.connectors.sdk.answers import read_json
from services.engine import values

Meaning = Literal["", "retry", "refuse", "forbidden", "reconnect", "uncertain", "misread"]
"""As the classes of a manifest's rules. `forbidden`: a right is missing. `misread`: it may have been done in part."""

JSON: Final = "application/json"


class Trouble(msgspec.Struct, frozen=True):
    """The error that an answer tells of in its body.

    Attributes:
        means: what is known of its codes; "" where nothing is, so that the status decides, or it is a refusal.
        codes: all that it gives, as texts, for the rules of a manifest.
        words: for people; what the other side wrote, not yet without secrets.
    """

    means: Meaning = ""
    codes: frozenset[str] = frozenset()
    words: str = ""


class Form(Protocol):
    """One form, as a request part of a manifest has it."""

    def headers(self, *, has_body: bool) -> Mapping[str, str]:
        """Those that say what goes out and what is taken."""
        ...

    def encode(self, body: Any) -> bytes:
        """The filled body as it goes out. Raises Unmapped where it has no place there."""
        ...

    def decode(self, response: Response) -> Any:
        """The body as JSON. Raises Away where it is not of this form."""
        ...

    def trouble(self, body: Any) -> Trouble | None:
        """The error that a body tells of; None: it tells of none."""
        ...

    def unwrapped(self, body: Any) -> Any:
        """What programs of the manifest are given of a body without trouble. Raises Misread."""
        ...


class Plain:
    """HTTP with JSON. An error has a status; the codes of the usual error objects are there for rules."""

    _ACCEPTED: Final = {"Accept": JSON}
    _WITH_BODY: Final = {**_ACCEPTED, "Content-Type": JSON}

    def headers(self, *, has_body: bool) -> Mapping[str, str]:
        return self._WITH_BODY if has_body else self._ACCEPTED

    def encode(self, body: Any) -> bytes:
        return values.encode(body)

    def decode(self, response: Response) -> Any:
        return read_json(response) if response.body else None

    def trouble(self, body: Any) -> Trouble | None:
        """None: only a status tells."""
        del body
        return None

    def unwrapped(self, body: Any) -> Any:
        """All of it."""
        return body


def text(given: Any) -> str:
    """What a code or message says; "" of what is neither text nor number."""
    if isinstance(given, str):
        return given
    return values.encode(given).decode() if isinstance(given, int | float) and not isinstance(given, bool) else ""


def member(given: Any, *names: str) -> Any:
    """What lies at the names; None where nothing does."""
    for name in names:
        given = given.get(name) if isinstance(given, dict) else None
    return given
