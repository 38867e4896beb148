"""JSON-RPC 2.0: an error is a member of an answer of 200 (specification, 5.1)."""

from __future__ import annotations

from typing import Any, Final

from services.connectors.declared.forms.form import Plain, Trouble, member, text
from services.connectors.sdk.errors import Misread

_INTERNAL: Final = "-32603"


class JsonRpc(Plain):
    def trouble(self, body: Any) -> Trouble | None:
        """The error, with its code and the name that Odoo gives the exception behind it (`data.name`)."""
        error = member(body, "error")
        if not error:
            return None
        code, name = text(member(error, "code")), text(member(error, "data", "name"))
        said = text(member(error, "data", "message")) or text(member(error, "message")) or text(error)
        return Trouble("uncertain" if code == _INTERNAL else "", frozenset({code, name} - {""}), said)

    def unwrapped(self, body: Any) -> Any:
        """The result."""
        if not isinstance(body, dict) or "result" not in body:
            raise Misread("its answer has no `result`", body)
        return body["result"]
