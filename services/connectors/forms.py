"""The connectors' manifests as the values that `tenants.connections` and `tenants.deployments` work with."""

from __future__ import annotations

from typing import Final

from services.connectors.registry import Registry
from services.connectors.sdk.manifest import Manifest
from tenants.connections.form import Form, Forms
from tenants.connections.limits import Limits
from tenants.connections.playbook import Act

# Which settings decide where a secret is sent, and whether anybody on the way can read it.
_DESTINATION: Final = frozenset({"base_url", "allow_http"})


def forms(registry: Registry) -> Forms:
    """A form for each connector, by name."""
    return {connector.manifest.name: form(connector.manifest) for connector in registry}


def form(manifest: Manifest) -> Form:
    has_base = "base_url" in manifest.settings.get("properties", {})
    return Form(
        settings=manifest.settings,
        secrets={field.name: field.required for field in manifest.secrets},
        operations=frozenset(operation.name for operation in manifest.operations if not operation.inner),
        access={one.name: one.access for one in manifest.operations},
        acts={one.name: Act(mode=one.mode, output=one.output) for one in manifest.operations},
        destination=_DESTINATION | manifest.destinations if has_base else None,
        limits=manifest.limits or Limits(),
    )
