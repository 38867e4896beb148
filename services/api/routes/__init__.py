"""Every handler of the API, in one list. A new route file adds its module here and its rows to `services.api.policy`."""

from __future__ import annotations

from typing import Final

from services.api.routes import audit, clients, documentation, events, health, keys, me, partners, problems, runs

HANDLERS: Final = (
    *health.HANDLERS,
    *problems.HANDLERS,
    *documentation.HANDLERS,
    *me.HANDLERS,
    *partners.HANDLERS,
    *clients.HANDLERS,
    *keys.HANDLERS,
    *audit.HANDLERS,
    *events.HANDLERS,
    *runs.HANDLERS,
)
