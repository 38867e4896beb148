"""GraphQL over HTTP: errors come in answers of 200, beside data or in its place (GraphQL of October 2021, 7.1)."""

from __future__ import annotations

from typing import Any, Final

from services.connectors.declared.forms.form import Meaning, Plain, Trouble, member, text
from services.connectors.sdk.errors import Misread

_MEANT: Final[dict[str, Meaning]] = {
    "ACCESS_DENIED": "forbidden",
    "FORBIDDEN": "forbidden",
    "UNAUTHENTICATED": "reconnect",
    "THROTTLED": "retry",
    "RATE_LIMITED": "retry",
    "TOO_MANY_REQUESTS": "retry",
    "INTERNAL_SERVER_ERROR": "uncertain",
    "TIMEOUT": "uncertain",
}
"""Codes that servers have in common, under `extensions.code`."""
_HEAVIEST: Final[tuple[Meaning, ...]] = ("uncertain", "reconnect", "forbidden", "retry")


class GraphQL(Plain):
    def trouble(self, body: Any) -> Trouble | None:
        """Errors. Beside data that is there the other side went on: what was asked for may be done in part."""
        errors = member(body, "errors")
        if not errors:
            return None
        listed = errors if isinstance(errors, list) else [errors]
        codes = frozenset(code for one in listed if (code := text(member(one, "extensions", "code"))))
        words = next((said for one in listed if (said := text(member(one, "message")) or text(one))), "")
        return Trouble(_meant(codes, body), codes, words)

    def unwrapped(self, body: Any) -> Any:
        """The data."""
        if not isinstance(body, dict) or "data" not in body:
            raise Misread("its answer has no `data`", body)
        return body["data"]


def _meant(codes: frozenset[str], body: Any) -> Meaning:
    data = member(body, "data")
    if isinstance(data, dict) and any(one is not None for one in data.values()):
        return "misread"
    known = {_MEANT[code] for code in codes if code in _MEANT}
    return next((one for one in _HEAVIEST if one in known), "")
