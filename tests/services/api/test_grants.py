"""S-05, S-68 by property: whatever somebody holds, what they give away at a client is a part of it."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from infra.settings import Settings
from tenants.identity.permissions import ALLOWED, Scope
from tests.services.api.granting import TRIES, Desk, Try, opened

ISSUING = {
    "keys:read",
    "keys:write",
    "keys:issue",
    "clients:write",
    "people:read",
    "people:write",
    "roles:write",
    "scim:write",
}
HELD = st.frozensets(st.sampled_from(sorted(ALLOWED[Scope.PARTNER])), min_size=1).map(lambda some: some | ISSUING)


def test_S_05_S_68_nobody_above_a_client_gives_what_they_lack_there(api_settings: Settings) -> None:
    """A partner's key of any permissions, and every key that it makes, by every way of giving, groups over SCIM too."""
    loop = asyncio.new_event_loop()
    entered: Any = opened(api_settings)
    desk: Desk = loop.run_until_complete(entered.__aenter__())

    @settings(
        max_examples=30,
        deadline=None,
        database=None,
        # One installation for all: what failed is not found again in a smaller example.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(HELD, TRIES)
    @example(frozenset(ISSUING | {"runs:read"}), [Try(way="group", who=0, what=0, permissions=frozenset())])
    def prove(held: frozenset[str], tries: list[Try]) -> None:
        loop.run_until_complete(desk.example(held, tries))

    try:
        prove()
        assert desk.given > 20, "something is given, and not only refused"
        assert desk.joined > 0, "by groups, too"
    finally:
        loop.run_until_complete(entered.__aexit__(None, None, None))
        loop.close()
