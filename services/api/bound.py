"""What a deployment's names are bound to, read from a request."""

from __future__ import annotations

from uuid import UUID

from infra import ids
from tenants.deployments import grouping
from tenants.deployments.errors import InvalidDeployment


def read(given: dict[str, str]) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """Connections and groups, by name.

    Raises:
        InvalidDeployment: a value is no id of either.
    """
    connections, groups = {}, {}
    for name, text in given.items():
        try:
            if text.startswith(f"{grouping.PREFIX}_"):
                groups[name] = ids.read(grouping.PREFIX, text)
            else:
                connections[name] = ids.read("con", text)
        except ids.MalformedId:
            raise invalid(f"/bindings/{name}", "there is no such connection") from None
    return connections, groups


def invalid(pointer: str, detail: str) -> InvalidDeployment:
    """A member of the body is at fault: `pointer` says which."""
    return InvalidDeployment(f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])
