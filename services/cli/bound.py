"""What names in a workflow are bound to, as people write it on the command line."""

from __future__ import annotations

from collections.abc import Mapping

from services.cli.client import Api


async def bindings(api: Api, bound: Mapping[str, str]) -> dict[str, str]:
    """Ids by name: `group:NAME` is a connection group, anything else a connection, by name or id."""
    found = {}
    for name, given in bound.items():
        is_group = given.startswith(("group:", "grp_"))
        kind, prefix = ("connection-groups", "grp") if is_group else ("connections", "con")
        found[name] = await api.reference(kind, prefix, given.removeprefix("group:"))
    return found
