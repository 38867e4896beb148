"""Which migration this version's database stands at. Who only compares needs no Alembic: it costs a process 0.1 s."""

from __future__ import annotations

from typing import Final

NEWEST: Final = "0001"
"""The last one of `infra/migrations/versions/`, which a test holds it to."""
