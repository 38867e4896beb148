"""S-19: whoever calls in whatever order, on connections that all share, sees its own and nothing else."""

from __future__ import annotations

from infra.settings import Settings
from tests.services.api.interleaving_machine import interleave


def test_S_19_nothing_foreign_is_seen_however_calls_interleave(api_settings: Settings) -> None:
    assert interleave(api_settings, examples=4, steps=10) > 100
