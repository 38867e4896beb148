"""Ways of talking that belong to no connector alone; their levels are computed as those of connectors (ADR 0092)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

_ROOT: Final = Path(__file__).parents[2]
VERSION: Final = "1"


class Way(msgspec.Struct, frozen=True):
    """`files`: the code that speaks it, as patterns below the sources; `page`: in docs/integrator, what tells of it."""

    name: str
    title: str
    page: str
    files: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256, hex, of that code."""
        found = hashlib.sha256()
        for file in sorted(one for pattern in self.files for one in _ROOT.glob(pattern)):
            found.update(file.relative_to(_ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
        return found.hexdigest()


WAYS: Final = (
    Way("graphql", "GraphQL, in a manifest", "connector-forms.md", ("services/connectors/declared/forms/graphql.py",)),
    Way(
        "openapi",
        "Manifests begun from an OpenAPI document",
        "connector-manifest.md",
        ("services/connectors/openapi/*.py",),
    ),
    Way(
        "webhook",
        "Webhooks that come in",
        "inbound-webhooks.md",
        ("services/inbound/mapping.py", "services/inbound/verification.py"),
    ),
)
