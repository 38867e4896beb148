"""Every handler of the portal's own, in one list; the API's routes stand beside them on the same host."""

from __future__ import annotations

from typing import Final

from services.portal.routes import (
    acting,
    brand,
    invitation,
    logout,
    notices,
    passkeys,
    password,
    providers,
    reconnect,
    second_factor,
    session,
    status_link,
    task_link,
)

HANDLERS: Final = (
    *brand.HANDLERS,
    *session.HANDLERS,
    *providers.HANDLERS,
    *logout.HANDLERS,
    *notices.HANDLERS,
    *invitation.HANDLERS,
    *reconnect.HANDLERS,
    *status_link.HANDLERS,
    *task_link.HANDLERS,
    *second_factor.HANDLERS,
    *passkeys.HANDLERS,
    *password.HANDLERS,
    *acting.HANDLERS,
)
