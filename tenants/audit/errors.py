from __future__ import annotations


class WrongScopeError(RuntimeError):
    """A record was to be written outside the transaction's scope. A defect of ours; nothing was stored."""
