from __future__ import annotations

from services.connectors.declared import document
from services.connectors.declared.credentials.code import OAuth2Code
from services.connectors.declared.credentials.inside import Inside
from services.connectors.declared.credentials.kinds import Aws, Basic, Credentials, Header, Nobody, Query
from services.connectors.declared.credentials.oauth2 import OAuth2
from services.connectors.declared.credentials.session import Session


def credentials(of: document.Document) -> Credentials:  # noqa: C901, PLR0911 - one line a kind
    """What signs the requests of a manifest."""
    part = of.authentication
    match part:
        case document.Nobody() | document.Ssh() | document.Database():
            return Nobody()
        case document.Basic():
            return Basic(part)
        case document.Bearer():
            return Header("Authorization", part.secret, "Bearer ")
        case document.HeaderKey():
            return Header(part.header, part.secret, part.prefix)
        case document.QueryKey():
            return Query(part)
        case document.OAuth2():
            return OAuth2(part)
        case document.OAuth2Code():
            return OAuth2Code(of.name, part)
        case document.Session():
            return Session(part)
        case document.Inside():
            return Inside(part)
        case document.Aws():
            return Aws(part)


def used(part: document.Authentication) -> tuple[frozenset[str], frozenset[str]]:
    """The settings and the secrets that it takes, by name."""
    settings: set[str] = set()
    secrets: set[str] = set()
    if isinstance(part, document.Ssh):
        return frozenset(), frozenset({"password", "private_key"})
    if isinstance(part, document.Database):
        return frozenset(), frozenset({"password"})
    if isinstance(part, document.Session):
        _login(part.login.body, settings, secrets)
        return frozenset(settings), frozenset(secrets)
    if isinstance(part, document.Inside):
        _login([*part.put.values(), {} if part.login is None else part.login.body], settings, secrets)
        return frozenset(settings), frozenset(secrets)
    if isinstance(part, document.OAuth2Code):
        addresses = [part.authorize_url, part.token_url, part.issuer]
        settings.update([part.client_id, *(one.setting for one in addresses if isinstance(one, document.Setting))])
        return frozenset(settings), frozenset([part.secret] if part.secret else [])
    secrets.update([part.secret] if not isinstance(part, document.Nobody) else [])
    settings.update([part.user] if isinstance(part, document.Basic) else [])
    settings.update([part.key_id, part.region] if isinstance(part, document.Aws) else [])
    if isinstance(part, document.OAuth2):
        settings.add(part.client_id)
        settings.update([part.token_url.setting] if isinstance(part.token_url, document.Setting) else [])
    return frozenset(settings), frozenset(secrets)


def _login(part: object, settings: set[str], secrets: set[str]) -> None:
    if isinstance(part, list):
        for one in part:
            _login(one, settings, secrets)
    elif isinstance(part, dict) and part.keys() == {"secret"}:
        secrets.add(part["secret"])
    elif isinstance(part, dict) and part.keys() == {"setting"}:
        settings.add(part["setting"])
    elif isinstance(part, dict):
        for one in part.values():
            _login(one, settings, secrets)
