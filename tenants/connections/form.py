"""What a connector asks of a connection: a value that the edge hands down, since a tenant's part knows no connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from template_library import schemas
from template_library.policies.capabilities import Access
from template_library.schemas import Breach
from tenants.connections.limits import Limits
from tenants.connections.playbook import Act

SECRET_LONGEST = 8_192


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One connector's side of a connection.

    Attributes:
        settings: JSON Schema of the settings.
        secrets: whether each secret field is required, by name.
        destination: settings that say where secrets are sent; None counts all of them.
        operations: what it offers.
        access: what each of them may write.
        acts: the same as playbooks are checked against them.
        limits: of a connection that says nothing else.
    """

    settings: Mapping[str, Any]
    secrets: Mapping[str, bool]
    operations: frozenset[str]
    access: Mapping[str, Access] = {}
    acts: Mapping[str, Act] = {}
    destination: frozenset[str] | None = None
    limits: Limits = Limits()

    def leads_elsewhere(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether the change of settings may send the secrets to another place than they were entered for."""
        names = set(old) | set(new) if self.destination is None else self.destination
        return any(old.get(name) != new.get(name) for name in names)


Forms = Mapping[str, Form]
"""By connector name."""


def settings_breaches(form: Form, settings: Mapping[str, Any]) -> list[Breach]:
    """What is wrong with settings that have their defaults already."""
    return [Breach("/settings" + breach.pointer, breach.detail) for breach in schemas.check(form.settings, settings)]


def secrets_breaches(form: Form, given: Mapping[str, str | None], kept: frozenset[str]) -> list[Breach]:
    """What is wrong with secrets that are set (a text) or dropped (None) beside those that are `kept`."""
    found = []
    for field, value in given.items():
        if field not in form.secrets:
            found.append(Breach(f"/secrets/{field}", "the connector has no such secret"))
        elif value is not None and not 8 <= len(value) <= SECRET_LONGEST:  # noqa: PLR2004 - S-74: shorter cannot be redacted
            found.append(Breach(f"/secrets/{field}", f"must have 8 to {SECRET_LONGEST} characters"))
    present = (kept | {field for field, value in given.items() if value is not None}) - {
        field for field, value in given.items() if value is None
    }
    return found + [
        Breach("/secrets", f"`{field}` is missing")
        for field, required in sorted(form.secrets.items())
        if required and field not in present
    ]
