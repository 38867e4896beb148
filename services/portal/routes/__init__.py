"""Every handler of the portal's own, in one list; the API's routes stand beside them on the same host."""

from __future__ import annotations

from typing import Final

from services.portal.routes import brand, session

HANDLERS: Final = (*brand.HANDLERS, *session.HANDLERS)
