"""Where a provider tells that somebody's session there ended (OpenID Connect Back-Channel Logout 1.0).

No browser comes here: the provider's own server does, without a cookie, and proves itself by the token that it signed.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from litestar import Response, post

from infra import ids
from infra.problems import NotFound, Problem
from services.api.bodies import require_media_type
from services.api.call import Call
from services.portal.brands import brand_of
from services.portal.doorkeeper import doorkeeper_of
from tenants.identity.openid.errors import LogoutRefused
from tenants.identity.openid.signed_token import LONGEST

TAGS: Final = ["session"]
FORM: Final = "application/x-www-form-urlencoded"
_NOT_STORED: Final = {"Cache-Control": "no-store"}
_FIELD: Final = "logout_token"
_MOST_FIELDS: Final = 20


@post("/portal/providers/{provider:str}/logout", include_in_schema=False, status_code=200)
async def hear(request: Call) -> Response[bytes]:
    """Ends what stands on the session that the form's `logout_token` names. The answer has no body."""
    keeper, partner_id = doorkeeper_of(request), brand_of(request).partner_id
    try:
        provider_id = ids.read("idp", str(request.path_params["provider"]))
    except ids.MalformedId:
        raise NotFound from None
    try:
        # What fails counts, so that nobody has us check signatures without end; what a provider tells does not.
        async with keeper.spending(request):
            await keeper.logouts.hear(partner_id, provider_id, await _token(request))
    except Problem as problem:
        problem.headers = {**problem.headers, **_NOT_STORED}
        raise
    return Response(b"", headers=_NOT_STORED, media_type="text/plain")


async def _token(request: Call) -> str:
    require_media_type(request.headers.get("content-type", ""), FORM)
    body = await request.body()
    try:
        if len(body) > 2 * LONGEST:
            raise LogoutRefused("logout-token-form")
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise LogoutRefused("logout-token-form") from None
    found = [value for name, value in pairs if name == _FIELD]
    if len(found) != 1 or not found[0].isascii():
        raise LogoutRefused("logout-token-form")
    return found[0]


HANDLERS: Final = (hear,)
