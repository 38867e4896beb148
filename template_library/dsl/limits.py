"""What a document may be at most (S-28, S-33, S-34). Passing one is a violation that names the limit."""

from __future__ import annotations

from typing import Final

DOCUMENT_BYTES: Final = 256 * 1024
DEPTH: Final = 64
NODES: Final = 20_000
TASKS: Final = 500
NESTING: Final = 16
BRANCHES: Final = 64
CALLS: Final = 8
"""How deep functions may call one another."""
FILTERS: Final = 64
"""Of one event consumption strategy."""
SCOPES: Final = 16
"""Different sets of variables under which one part of `use` may be named."""
KEYS: Final = 8
"""That a document declares for its runs."""
EVERY: Final = 1_000
"""Milliseconds at least between two runs of a schedule."""
EXPRESSION_BYTES: Final = 8 * 1024
NUMBER_DIGITS: Final = 400
VIOLATIONS: Final = 50
