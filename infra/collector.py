"""How Python looks for cycles in a process that serves: seldom, and never among what it was started with."""

from __future__ import annotations

import atexit
import gc
from typing import Final

_YOUNG: Final = 10_000
_MIDDLE: Final = 20
_OLD: Final = 20


def settle() -> None:
    """To be called once everything is loaded. What exists now is looked through no more.

    Work makes few cycles: nearly everything goes as soon as nothing refers to it. At Python's own 700 new objects the
    search runs at every few runs, and finds next to nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def leave_at_the_end() -> None:
    """To be called as a process begins: its interpreter ends without a last search for cycles.

    That search crashed now and then while it freed what msgspec knows of classes that were made as it ran
    (github.com/msgspec/msgspec/issues/717), so that a process that had done its work ended with 139. Safe to repeat.
    """
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
