"""OAuth 2 with a person's authorization: tokens of a code, renewed by one process at a time (ADR 0086)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from infra import egress
from infra.egress import Response
from infra.encryption.secret import Secret
from services.connectors.declared import document
from services.connectors.declared.credentials import token_endpoint
from services.connectors.declared.credentials.kinds import Signed
from services.connectors.declared.requests import Outgoing
from services.connectors.sdk.authorization import CodeGrant, checked
from services.connectors.sdk.context import Context, Granted
from services.connectors.sdk.errors import Away, Refusal

_UNAUTHORIZED: Final = 401
_NOBODY: Final = "This process has nothing that people authorised"


class OAuth2Code:
    def __init__(self, connector: str, part: document.OAuth2Code) -> None:
        self._connector = connector
        self._part = part
        self.change = "what it was authorised to do: make a link and have it authorised again"

    async def sign(self, outgoing: Outgoing, context: Context) -> Signed:
        grant = code_grant(self._connector, self._part, context.settings)
        was_sent = context.sent
        try:
            renew = partial(token_endpoint.by_refresh, grant, context)
            token = await _granted(context).access(grant.leads_to, renew)
            context.grant = _granted(context).grant
        except Away as away:
            # Of the call whose credentials these are nothing has gone out.
            raise Away(away.reason, seconds=away.seconds, sent=False, name=away.name) from away
        finally:
            context.sent = was_sent
        return Signed(outgoing, {"Authorization": Secret(f"Bearer {token.reveal()}")})

    def has_ended(self, response: Response, context: Context) -> bool:
        """By 401 (RFC 6750, 3.1)."""
        return response.status == _UNAUTHORIZED and self.forget(context)

    def forget(self, context: Context) -> bool:
        return _granted(context).forget()


def code_grant(connector: str, part: document.OAuth2Code, settings: Mapping[str, Any]) -> CodeGrant:
    """What the settings of a connection make of it. Raises Refusal: one is missing or no good."""
    addresses = (part.authorize_url, part.token_url)
    authorize, token = (_address(one, settings) for one in addresses)
    grant = CodeGrant(
        connector=connector,
        base_url=_setting("base_url", settings),
        authorize_url=authorize,
        token_url=token,
        client_id=_setting(part.client_id, settings),
        secret=part.secret,
        client=part.client,
        scopes=part.scopes,
        issuer="" if part.issuer is None else _said(part.issuer, settings),
        parameters=part.parameters,
    )
    return checked(grant, is_set=any(not isinstance(one, str) or "://" not in one for one in addresses))


def _address(part: str | document.Setting, settings: Mapping[str, Any]) -> str:
    """A whole one."""
    said = _said(part, settings)
    try:
        return said if "://" in said else egress.join(_setting("base_url", settings), said)
    except egress.Refused as refused:
        raise Refusal(refused.detail, name="configuration", title=refused.title) from refused


def _said(part: str | document.Setting, settings: Mapping[str, Any]) -> str:
    if isinstance(part, str):
        return part
    if part.default is not None and part.setting not in settings:
        return part.default
    return _setting(part.setting, settings)


def _setting(name: str, settings: Mapping[str, Any]) -> str:
    found = settings.get(name)
    if found in {None, ""}:
        raise Refusal(f"The connection lacks its setting `{name}`", name="configuration", title="A setting is missing")
    return str(found)


def _granted(context: Context) -> Granted:
    if context.connection.granted is None:
        raise Refusal(_NOBODY, name="configuration", title="It cannot be authorised here")
    return context.connection.granted
