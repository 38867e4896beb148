"""What the connection's user may do: the groups that an administrator gave it."""

from __future__ import annotations

from typing import Any, Final

from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.manifest import Operation

RIGHTS: Final = "tryton.rights.list"
OPERATION: Final = Operation(
    name=RIGHTS,
    title="Groups of the user",
    mode="read",
    input={"type": "object", "additionalProperties": False},
    output={"type": "array", "items": {"type": "string"}},
)


async def listed(_values: Any, rpc: Rpc) -> list[str]:
    """Names of groups in English, as operations name them; `administrator` of who is one."""
    known = await rpc.model("res.user.get_preferences", True)
    groups = await rpc.model("res.group.read", known.get("groups") or [], ["name"], language="en")
    return [*(["administrator"] if known.get("administrator") else []), *(one["name"] for one in groups)]
