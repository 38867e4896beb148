"""Rows and seals as the lines of an export, the form that is sealed and verified (`tenants.audit.verifier`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from infra import ids
from tenants.audit.verifier import HASH, MOMENT, Line

OPERATOR: Final = UUID(int=0)
"""Whose id the operator's own log has."""
_PREFIXES: Final = {"tenant": "ten", "partner": "ptr"}


class Fields:
    """A row of asyncpg whose columns are attributes."""

    def __init__(self, row: Any) -> None:
        self.__dict__.update(row)


def log_name(kind: str, log_id: UUID) -> str:
    """`ten_…`, `ptr_…`, or `operator`."""
    prefix = _PREFIXES.get(kind)
    return "operator" if prefix is None else ids.show(prefix, log_id)


def place_of_log(name: str) -> tuple[str, UUID] | None:
    """Kind and id of the log that has this name; None: none has."""
    if name == "operator":
        return "operator", OPERATOR
    for kind, prefix in _PREFIXES.items():
        try:
            return kind, ids.read(prefix, name)
        except ids.MalformedId:
            continue
    return None


def moment(at: datetime) -> str:
    """UTC with microseconds, always in the same form."""
    return at.astimezone(UTC).strftime(MOMENT)


def row_line(row: Any, batch: int | None = None, position: int | None = None) -> Line:
    """`row` has the columns of an audit table by name, `after` as the text that is stored."""
    line: Line = {
        "kind": "row",
        "batch": batch,
        "position": position,
        "id": ids.show("aud", row["audit_id"]),
        "at": moment(row["at"]),
        "actor": row["actor"],
        "action": row["action"],
        "target": row["target"],
        "after": row["after"],
    }
    if row["veil"] is not None:
        line["veil"] = row["veil"].hex()
    else:
        line["salt"] = row["salt"].hex()
    return line


def seal_line(seal: Any, leaves: bytes | None = None) -> Line:
    """`seal` has the columns of `audit_seal` as attributes."""
    line: Line = {
        "kind": "seal",
        "log": log_name(seal.kind, seal.log_id),
        "n": seal.n,
        "root": seal.root.hex(),
        "count": seal.count,
        "first": ids.show("aud", seal.first_id),
        "last": ids.show("aud", seal.last_id),
        "prev": None if seal.prev is None else seal.prev.hex(),
        "sealed_at": moment(seal.sealed_at),
        "head": seal.head.hex(),
        "key": seal.key.hex(),
        "signature": seal.signature.hex(),
    }
    if leaves is not None:
        line["leaves"] = leaves.hex()
    return line


def split(leaves: bytes) -> list[bytes]:
    """The leaves that a batch stores as one."""
    return [leaves[at : at + HASH] for at in range(0, len(leaves), HASH)]
