"""Ways of talking that belong to no connector alone; their levels are computed as those of connectors (ADR 0092)."""

from __future__ import annotations

from typing import Final

import msgspec

from services.connectors import shared_code

VERSION: Final = "1"


class Way(msgspec.Struct, frozen=True):
    """`files`: the code that speaks it, as patterns below the sources; `page`: in docs/integrator, what tells of it.

    `through`: parts of shared code that it stands on.
    """

    name: str
    title: str
    page: str
    files: tuple[str, ...]
    through: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256, hex, of that code."""
        return shared_code.of_files(self.files)


WAYS: Final = (
    Way(
        "graphql",
        "GraphQL, in a manifest",
        "connector-forms.md",
        ("services/connectors/declared/forms/graphql.py",),
        ("sdk", "calls", "manifests", "pages"),
    ),
    Way(
        "openapi",
        "Manifests begun from an OpenAPI document",
        "connector-manifest.md",
        ("services/connectors/openapi/*.py",),
        ("sdk", "calls", "manifests"),
    ),
    Way(
        "webhook",
        "Webhooks that come in",
        "inbound-webhooks.md",
        ("services/inbound/mapping.py", "services/inbound/verification.py"),
    ),
)
