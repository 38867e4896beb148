"""The document that the web client is generated from: what an account can call on a brand's host.

`python -m services.portal.openapi` prints it, the same bytes for the same code, so that a check can fail on drift.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final

import msgspec

from infra.problems import MEDIA_TYPE
from services.api import openapi as api
from services.api.policy import POLICY, PREFIX
from services.api.routes import HANDLERS as API_HANDLERS
from services.api.scim.errors import is_scim
from services.portal.cookies import NAME
from services.portal.routes import HANDLERS
from tenants.identity.permissions import Scope

_REFERENCE: Final = re.compile(r"#/components/schemas/([A-Za-z0-9_.-]+)")
_NAMES: Final = {
    ("get", "/portal/brand"): "get_brand",
    ("post", "/portal/session"): "sign_in",
    ("get", "/portal/session"): "get_session",
    ("delete", "/portal/session"): "sign_out",
    ("post", "/portal/session/proof"): "prove",
    ("get", "/portal/password"): "get_password",
    ("post", "/portal/password"): "change_password",
    ("get", "/portal/providers"): "list_sign_in_providers",
    ("post", "/portal/providers/{provider}/leave"): "leave_for_provider",
    ("post", "/portal/invitation"): "open_invitation",
    ("post", "/portal/invitation/accept"): "accept_invitation",
    ("post", "/portal/reconnect"): "open_connection_link",
    ("post", "/portal/reconnect/leave"): "leave_for_system",
    ("get", "/portal/reconnect"): "get_connection_link",
    ("get", "/portal/link"): "get_linked_task",
    ("post", "/portal/link/decide"): "decide_by_link",
    ("post", "/portal/link/documents"): "add_document_by_link",
    ("get", "/portal/status"): "get_linked_status",
    ("get", "/portal/second-factor"): "get_second_factor",
    ("post", "/portal/second-factor"): "begin_second_factor",
    ("post", "/portal/second-factor/confirm"): "confirm_second_factor",
    ("delete", "/portal/second-factor"): "remove_second_factor",
    ("get", "/portal/passkeys"): "list_passkeys",
    ("post", "/portal/passkeys"): "add_passkey",
    ("post", "/portal/passkeys/ask"): "ask_for_new_passkey",
    ("post", "/portal/passkeys/proof/ask"): "ask_for_passkey_again",
    ("post", "/portal/passkeys/proof"): "prove_with_passkey",
    ("delete", "/portal/passkeys/{passkey}"): "remove_passkey",
    ("post", "/portal/passkey-session/ask"): "ask_for_passkey",
    ("post", "/portal/passkey-session"): "sign_in_with_passkey",
    ("post", "/portal/acting"): "start_acting",
    ("delete", "/portal/acting"): "stop_acting",
}
_PUBLIC: Final = frozenset(
    {"get_brand", "sign_in", "list_sign_in_providers", "leave_for_provider", "open_invitation", "accept_invitation"}
    | {"ask_for_passkey", "sign_in_with_passkey", "get_linked_task", "decide_by_link"}
    | {"add_document_by_link", "get_linked_status"}
)
_REFUSED: Final = {
    "400": "The request cannot be read.",
    "401": "Nobody is signed in, or the proof is wrong.",
    "403": "It is not allowed, comes from another site, or needs a fresh proof.",
    "404": "Nothing is here.",
    "409": "The present state forbids this.",
    "422": "The payload breaks a rule.",
    "429": "Too many failures; again after `Retry-After` seconds.",
}
_ANSWERS: Final[dict[str, dict[str, str]]] = {
    "get_brand": {},
    "sign_in": {
        "400": "The request cannot be read.",
        "401": "The address or the password is wrong.",
        "403": "The request comes from another site.",
        "422": "The payload breaks a rule.",
        "429": "Too many failures; again after `Retry-After` seconds.",
    },
    "leave_for_provider": {**_REFUSED, "502": "The provider does not answer."},
    "get_session": {"401": "Nobody is signed in."},
    "sign_out": {"403": "The request comes from another site."},
}
_DESCRIPTION: Final = "What a page of the portal calls, on its own host, with the cookie of its session."


def document() -> bytes:
    """The document as JSON, sorted and indented."""
    found = msgspec.json.decode(api.document(API_HANDLERS))
    own = msgspec.json.decode(api.document(HANDLERS))
    paths: dict[str, Any] = {path: methods for path, methods in found["paths"].items() if _is_for_accounts(path)}
    for path, methods in own["paths"].items():
        for method, operation in methods.items():
            _complete(method, path, operation)
        paths[path] = methods
    for methods in paths.values():
        for operation in methods.values():
            if "security" in operation:
                operation["security"] = [{"session": []}]
    whole = {
        "openapi": found["openapi"],
        "info": {"title": "Portal", "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _reached(paths, {**found["components"]["schemas"], **own["components"]["schemas"]}),
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": NAME}},
        },
    }
    return msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=2) + b"\n"


def _is_for_accounts(path: str) -> bool:
    """Whether an account reaches the path: as a client does, under its short form."""
    if is_scim(path):
        return False  # directories come to the API's own host
    rules = [rule for (_, known), rule in POLICY.items() if known == path and not rule.is_public]
    is_for_partners = path.startswith(("/v1/clients", "/v1/organization/audit", "/v1/templates")) and any(
        Scope.PARTNER in rule.scopes for rule in rules
    )
    return not path.startswith(PREFIX) and (is_for_partners or any(Scope.CLIENT in rule.scopes for rule in rules))


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    name = operation["operationId"] = _NAMES[method, path]
    if path.endswith("/documents"):
        operation["requestBody"] = api.FILE_BODY
    responses = operation["responses"]
    responses.pop("400", None)
    responses.get("204", {}).pop("content", None)
    for status, why in _ANSWERS.get(name, _REFUSED).items():
        schema = {"$ref": "#/components/schemas/Problem"}
        responses[status] = {"description": why, "content": {MEDIA_TYPE: {"schema": schema}}}
    if name not in _PUBLIC:
        operation["security"] = []


def _reached(paths: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schemas that the paths lead to, and no others: a change of the rest is no change here."""
    waiting = _REFERENCE.findall(repr(paths))
    reached: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = schemas[name]
            waiting += _REFERENCE.findall(repr(schemas[name]))
    return reached


if __name__ == "__main__":
    sys.stdout.buffer.write(document())
