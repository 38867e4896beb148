"""Security schemes of OpenAPI → the authentication of a manifest, with the settings and secrets that it takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from services.connectors.openapi.reading import Found, OpenApi


class Means(msgspec.Struct, frozen=True):
    """`notes`: what a person decides."""

    authentication: dict[str, Any]
    settings: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    notes: tuple[str, ...] = ()


def means(document: OpenApi, chosen: Iterable[Found]) -> Means:
    """Of the first scheme that the chosen operations ask for and manifests know."""
    asked = _asked(document, chosen)
    if not asked:
        return Means({"kind": "none"}, notes=("The document asks for no credentials. Is that so?",))
    made = [(name, found) for name in asked if (found := _of(document, name, asked[name])) is not None]
    if not made:
        note = f"Its authentication ({', '.join(asked)}) has no kind here; a bearer token stands in its place."
        return Means({"kind": "bearer", "secret": "token"}, secrets={"token": {"title": "Access token"}}, notes=(note,))
    name, found = made[0]
    others = [one for one in asked if one != name]
    more = (f"It knows other credentials, too: {', '.join(others)}.",) if others else ()
    return msgspec.structs.replace(found, notes=(*found.notes, *more))


def scopes(document: OpenApi, found: Found) -> list[str]:
    """The rights that an operation needs."""
    return list(dict.fromkeys(scope for _, given in _requirements(document, found) for scope in given))


def _requirements(document: OpenApi, found: Found) -> list[tuple[str, list[str]]]:
    listed = found.part.get("security", document.value.get("security"))
    return [
        (name, [str(one) for one in given])
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
        for name, given in one.items()
        if isinstance(given, list)
    ]


def _asked(document: OpenApi, chosen: Iterable[Found]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for found in chosen:
        for name, given in _requirements(document, found):
            known = asked.setdefault(name, [])
            known += [one for one in given if one not in known]
    return asked


def _of(document: OpenApi, name: str, wanted: list[str]) -> Means | None:  # noqa: PLR0911 (one return a kind)
    scheme = document.at(document.at(document.value.get("components", {})).get("securitySchemes", {}).get(name, {}))
    kind, place = scheme.get("type"), scheme.get("in")
    token = {"token": {"title": "Access token"}}
    if kind == "http" and str(scheme.get("scheme")).lower() == "bearer":
        return Means({"kind": "bearer", "secret": "token"}, secrets=token)
    if kind == "http" and str(scheme.get("scheme")).lower() == "basic":
        return Means(
            {"kind": "basic", "user": "user", "secret": "password"},
            {"user": {"title": "User", "type": "string"}},
            {"password": {"title": "Password"}},
        )
    key = {"api_key": {"title": "API key"}}
    if kind == "apiKey" and place == "header":
        return Means({"kind": "header", "header": str(scheme.get("name")), "secret": "api_key"}, secrets=key)
    if kind == "apiKey" and place == "cookie":
        cookie = {"kind": "header", "header": "Cookie", "prefix": f"{scheme.get('name')}=", "secret": "api_key"}
        return Means(cookie, secrets=key)
    if kind == "apiKey" and place == "query":
        return Means({"kind": "query", "parameter": str(scheme.get("name")), "secret": "api_key"}, secrets=key)
    if kind == "oauth2" and (found := _oauth2(scheme, wanted)) is not None:
        return found
    if kind in {"oauth2", "openIdConnect"}:
        note = f"{name} is OAuth 2 with a person's consent; a token that was given by hand stands in its place."
        return Means({"kind": "bearer", "secret": "token"}, secrets=token, notes=(note,))
    return None


def _oauth2(scheme: Any, wanted: list[str]) -> Means | None:
    """By the flow for machines, or the one that a person authorises; None where there is neither."""
    flows = scheme.get("flows") or {}
    machine, person = flows.get("clientCredentials"), flows.get("authorizationCode")
    if isinstance(machine, dict):
        part: dict[str, Any] = {"kind": "oauth2", "token_url": str(machine.get("tokenUrl"))}
    elif isinstance(person, dict):
        part = {"kind": "oauth2-code", "authorize_url": str(person.get("authorizationUrl"))}
        part["token_url"] = str(person.get("tokenUrl"))
    else:
        return None
    part |= {"client_id": "client_id", "secret": "client_secret", **({"scopes": wanted} if wanted else {})}
    return Means(
        part, {"client_id": {"title": "Client id", "type": "string"}}, {"client_secret": {"title": "Client secret"}}
    )
