"""Marks that tests share."""

from __future__ import annotations

from typing import Any

import pytest


def night(value: Any) -> Any:
    """A parameter of a test that only `make nightly` tries; each run of the tests tries the others."""
    return pytest.param(value, marks=pytest.mark.night)
