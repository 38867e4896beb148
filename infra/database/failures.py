"""Tells an outage of the database, which the caller should wait out, from a mistake of ours."""

from __future__ import annotations

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Classes 08 connection, 53 resources (disk full, too many connections), 57P admin shutdown and cannot connect now,
# 58 system error; 57014 statement timeout, 55P03 lock not available, 40001 serialization, 40P01 deadlock,
# 25006 read-only server (a standby was promoted elsewhere), 3D000 and 28000 while a server is being restored.
_PROTOCOL_VIOLATION: Final = "08P01"
_TOO_MUCH_CLASSES: Final = ("53200", "54", "57014")
_OUTAGE_CLASSES: Final = ("08", "53", "57P", "58")
_OUTAGE_STATES: Final = frozenset({"57014", "55P03", "40001", "40P01", "25006"})


def sqlstate(error: BaseException) -> str:
    """The five letters of a PostgreSQL error, or '' for any other."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None)
    return state if isinstance(state, str) else ""


def is_outage(error: BaseException) -> bool:
    """True when nothing was wrong with the request: repeat it later (503)."""
    if isinstance(error, OSError) and error.filename is not None:
        # A file of ours is missing or closed to us; waiting for the database would not bring it back.
        return False
    if isinstance(error, OSError | TimeoutError | PoolTimeout | asyncpg.InterfaceError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = sqlstate(error)
    return (state.startswith(_OUTAGE_CLASSES) or state in _OUTAGE_STATES) and state != _PROTOCOL_VIOLATION


def may_be_too_much(error: BaseException) -> bool:
    """True when the statement itself may be the reason: memory, size or time. Repeating it for ever would not help."""
    return sqlstate(error).startswith(_TOO_MUCH_CLASSES)
