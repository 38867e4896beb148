"""How long a test waits for what must become true."""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 60.0
"""Seconds: many times what anything takes that goes well. A busy machine needs them, and nobody else waits them out."""
