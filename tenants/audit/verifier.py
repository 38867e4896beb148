"""Verifies an export of the audit: by this one file, with nothing else of ours and nothing of the database.

    python verifier.py EXPORT.jsonl --key PUBLIC_KEY [--heads PUBLISHED.jsonl]

It needs Python 3.11 with `cryptography`, the export as JSON Lines and the installation's public key (base64). It names
the first row or batch that is not as it was sealed. `--heads` compares with the heads that were published outside of
the database, which is how a tail that was cut off with its seals is found. The form is described in
`docs/operator/audit.md`; hashes are those of RFC 6962, signatures those of RFC 8032. Exit code 1: not as it was sealed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HASH: Final = 32
_FIELDS: Final = ("actor", "target", "after")
_ENTRY: Final = HASH + 1
LATE_SECONDS: Final = 600
"""Batches are in the order in which transactions began, and those last minutes: a row that says it is older by more
than the newest of the batches before its own came behind. When they were sealed says nothing: a sealer may rest.
"""
MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
"""Times, in UTC: two of them compare as texts."""

Line = dict[str, Any]
sha256 = hashlib.sha256


class Broken(Exception):
    """The first thing that is not as it was sealed: `batch` and `row` where they can be told."""

    def __init__(self, what: str, batch: int | None = None, row: str | None = None) -> None:
        super().__init__(what)
        self.what, self.batch, self.row = what, batch, row

    def __str__(self) -> str:
        place = [f"batch {self.batch}"] if self.batch is not None else []
        place += [f"row {self.row}"] if self.row is not None else []
        return f"{', '.join(place)}: {self.what}" if place else self.what


class Verified(NamedTuple):
    """What was found whole: rows in batches, rows that are not sealed yet, batches, and those dropped in their time."""

    log: str
    rows: int
    unsealed: int
    batches: int
    dropped: int
    last: int
    head: str


def frame(*parts: str) -> bytes:
    """Each text as UTF-8 behind its length in 4 bytes: two lists of texts never give the same bytes."""
    return b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))


def commitments(row: Line) -> bytes:
    """What is sealed of actor, target and `after`: the hash of each with its own salt.

    Of a field that was erased only the hash is left, in `veil`.
    """
    veil = bytes.fromhex(row["veil"]) if row.get("veil") else b""
    salt = b"" if veil else bytes.fromhex(row["salt"])
    found = []
    for place, name in enumerate(_FIELDS):
        entry = veil[place * _ENTRY : (place + 1) * _ENTRY]
        if entry[:1] == b"\0":
            found.append(entry[1:])
            continue
        own = entry[1:] if veil else sha256(salt + name.encode()).digest()
        found.append(sha256(own + (row[name] or "").encode()).digest())
    return b"".join(found)


def leaf(log: str, row: Line) -> bytes:
    """The leaf of a row (RFC 6962, 2.1: behind a zero byte)."""
    return sha256(b"\0" + frame("audit-row-v1", log, row["id"], row["at"], row["action"]) + commitments(row)).digest()


def _earlier(moment: str) -> str:
    """What no row may be older than that comes behind a row of that `moment`, in the same form."""
    before = datetime.fromisoformat(moment) - timedelta(seconds=LATE_SECONDS)
    return before.strftime(MOMENT)


def parents(level: Sequence[bytes]) -> list[bytes]:
    """The level above; a node without a neighbour goes up as it is, which gives the tree of RFC 6962."""
    above = [sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
    return above if len(level) % 2 == 0 else [*above, level[-1]]


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Of one leaf or more."""
    level = list(leaves)
    while len(level) > 1:
        level = parents(level)
    return level[0]


def root_of(found: bytes, position: int, count: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of `count` leaves that has `found` at `position`.

    Raises:
        Broken: the path has another length than it would have.
    """
    left = iter(path)
    try:
        while count > 1:
            if position ^ 1 < count:
                near = next(left)
                found = sha256(b"\1" + (near + found if position % 2 else found + near)).digest()
            position, count = position // 2, (count + 1) // 2
    except StopIteration:
        raise Broken("its proof is too short") from None
    if next(left, None) is not None:
        raise Broken("its proof is too long")
    return found


def head_of(seal: Line) -> bytes:
    """The head of a batch: it takes in the one before, so that none can be changed, dropped or put in between."""
    numbers = (str(seal["n"]), seal["root"], str(seal["count"]), seal["first"], seal["last"], seal["sealed_at"])
    return sha256(frame("audit-head-v1", seal["prev"] or "", seal["log"], *numbers)).digest()


def floor_of(floor: Line) -> bytes:
    """What is signed when batches up to `n` were dropped since their time was over."""
    return sha256(frame("audit-floor-v1", floor["log"], str(floor["n"]), floor["head"], floor["at"])).digest()


def rollback_of(line: Line) -> bytes:
    """What is signed when an operator accepts that batches behind `n` were lost with a restored database."""
    return sha256(
        frame("audit-rollback-v1", line["log"], str(line["n"]), line["head"], line["at"], line["by"])
    ).digest()


class Verifier:
    """Takes an export line by line; `end` says what was whole. Raises Broken at the first that is not."""

    def __init__(self, keys: Iterable[bytes], published: Iterable[Line] = (), *, is_part: bool = False) -> None:
        """`keys`: public keys that are trusted. `is_part`: it may begin behind a batch and end before the last."""
        self._keys = {key.hex(): Ed25519PublicKey.from_public_bytes(key) for key in keys}
        self._published = list(published)
        self._is_part = is_part
        self._log = ""
        self._is_filtered = self._has_ended = False
        self._floor = self._last = self._rows = self._unsealed = self._batches = self._dropped = 0
        self._head: str | None = None
        self._heads: dict[int, str] = {}
        self._seal: Line | None = None
        self._leaves: list[bytes] = []
        self._place = 0
        self._oldest = self._newest = ""
        self._seals: dict[int, Line] = {}

    def take(self, line: Line) -> None:
        if self._has_ended:
            raise Broken("lines follow the export's end")
        kind = line.get("kind")
        if kind == "row":
            self._row(line)
        elif kind == "seal":
            self._next_seal(line)
        elif kind == "log" and not self._log:
            self._log, self._is_filtered = line["log"], bool(line["filter"])
            if self._is_part:
                self._last, self._head = line["behind"], line["head"]
        elif kind == "floor":
            if line["log"] != self._log:
                raise Broken("the floor is of another log")
            self._signed(line, floor_of(line), "the floor of dropped batches")
            self._floor = line["n"]
        elif kind == "end":
            self._close_batch()
            if line["rows"] != self._rows + self._unsealed:
                raise Broken(f"the export says {line['rows']} rows and has {self._rows + self._unsealed}")
            self._has_ended = True
        else:
            raise Broken(f"a line of an unknown kind: {kind!r}")

    def end(self) -> Verified:
        if not self._has_ended:
            self._close_batch()
            raise Broken("the export is cut off: its last line is missing")
        self._compare()
        return Verified(
            self._log, self._rows, self._unsealed, self._batches, self._dropped, self._last, self._head or ""
        )

    def _signed(self, line: Line, digest: bytes, what: str, batch: int | None = None) -> None:
        key = self._keys.get(line["key"])
        if key is None:
            raise Broken(f"{what} is signed with a key that is not trusted", batch)
        try:
            key.verify(bytes.fromhex(line["signature"]), digest)
        except (InvalidSignature, ValueError):
            raise Broken(f"the signature of {what} is wrong", batch) from None

    def _next_seal(self, seal: Line) -> None:
        self._close_batch()
        n = seal["n"]
        if n != self._last + 1:
            raise Broken(f"the batch before is missing: {n} follows {self._last}", self._last + 1)
        if seal["log"] != self._log or (seal["prev"] or None) != (self._head or None):
            raise Broken("its head does not follow the one before", n)
        digest = head_of(seal)
        if digest.hex() != seal["head"]:
            raise Broken("what its head says was changed", n)
        self._signed(seal, digest, "its head", n)
        self._last, self._head, self._heads[n] = n, seal["head"], seal["head"]
        self._batches += 1
        self._oldest = _earlier(self._newest) if self._newest else ""
        if n <= self._floor:
            self._dropped += 1
        elif self._is_filtered:
            self._seals[n] = seal
        else:
            self._open_batch(seal, n)

    def _open_batch(self, seal: Line, n: int) -> None:
        raw = bytes.fromhex(seal.get("leaves") or "")
        self._leaves = [raw[at : at + HASH] for at in range(0, len(raw), HASH)]
        if not raw:
            raise Broken("its rows are gone, and nobody has signed that their time was over", n)
        if len(self._leaves) != seal["count"] or merkle_root(self._leaves).hex() != seal["root"]:
            raise Broken("its list of rows is not the one that was sealed", n)
        self._seal, self._place = seal, 0

    def _row(self, row: Line) -> None:
        n = row.get("batch")
        if n is None:
            self._loose(row)
        elif self._is_filtered:
            self._proven(row)
        else:
            self._in_batch(row, n)

    def _in_batch(self, row: Line, n: int) -> None:
        if self._seal is None or n != self._last:
            raise Broken("it stands outside of its batch", n, row["id"])
        if self._place == len(self._leaves):
            raise Broken("a row too many: it was put in", n, row["id"])
        found = self._leaf(row, n)
        if found != self._leaves[self._place]:
            later = self._leaves.index(found) if found in self._leaves else None
            if later is None:
                raise Broken(
                    f"place {self._place + 1} holds what was not sealed: it was changed or put in", n, row["id"]
                )
            if later > self._place:
                raise Broken(f"before it {later - self._place} rows are missing or moved", n, row["id"])
            raise Broken("it stands behind its place", n, row["id"])
        self._in_time(row, self._oldest, n)
        self._newest = max(self._newest, row["at"])
        self._place += 1
        self._rows += 1

    def _leaf(self, row: Line, n: int | None) -> bytes:
        try:
            return leaf(self._log, row)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Broken("it is no row of an audit any more", n, str(row.get("id"))) from None

    def _close_batch(self) -> None:
        seal, self._seal = self._seal, None
        if seal is not None and self._place < len(self._leaves):
            missing = len(self._leaves) - self._place
            raise Broken(f"its last {missing} rows are missing, from place {self._place + 1} on", seal["n"])

    def _proven(self, row: Line) -> None:
        seal = self._seals.get(row["batch"])
        if seal is None:
            raise Broken("its batch is not in the export", row["batch"], row["id"])
        path = [bytes.fromhex(one) for one in row["proof"]]
        try:
            root = root_of(self._leaf(row, row["batch"]), row["position"], seal["count"], path)
        except Broken as error:
            raise Broken(error.what, row["batch"], row["id"]) from None
        if root.hex() != seal["root"]:
            raise Broken("it is not what was sealed: it was changed or put in", row["batch"], row["id"])
        self._rows += 1

    def _loose(self, row: Line) -> None:
        """Of no batch, as the newest rows are for a minute."""
        self._close_batch()
        self._leaf(row, None)
        self._in_time(row, _earlier(self._newest) if self._newest else "", None)
        self._unsealed += 1

    @staticmethod
    def _in_time(row: Line, oldest: str, n: int | None) -> None:
        if row["at"] < oldest:
            raise Broken("it is older than what stands in batches before it: it was put in later", n, row["id"])

    def _compare(self) -> None:
        """With what was published: the newest that was said of each batch, and that none of them is gone."""
        newest: dict[int, str] = {}
        for one in (line for line in self._published if line["log"] == self._log):
            if one["kind"] == "rollback":
                self._signed(one, rollback_of(one), "a published rollback")
                newest = {n: head for n, head in newest.items() if n < one["n"]} | {one["n"]: one["head"]}
            else:
                newest[one["n"]] = one["head"]
        newest.pop(0, None)
        for n, head in newest.items():
            if n in self._heads and self._heads[n] != head:
                raise Broken("another head was published for it: the chain was made anew", n)
        if newest and max(newest) > self._last and not self._is_part:
            last = max(newest)
            raise Broken(
                f"batches up to {last} were published and are not here: cut off or rolled back", self._last + 1
            )


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """Raises Broken where a line is no JSON object."""
    for number, raw in enumerate(lines, start=1):
        try:
            line = json.loads(raw)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise Broken(f"line {number} of the file is no JSON object")
        yield line


def _whole(lines: Iterable[bytes]) -> Iterator[Line]:
    """Of published heads: a line in which its writer died is passed over."""
    for raw in lines:
        try:
            yield from read([raw])
        except Broken:
            continue


def verify(lines: Iterable[bytes], keys: Iterable[bytes], published: Iterable[bytes] = ()) -> Verified:
    """Raises Broken."""
    verifier = Verifier(keys, _whole(published))
    for line in read(lines):
        try:
            verifier.take(line)
        except (KeyError, TypeError, ValueError):
            raise Broken(f"a line lacks what it must have: {str(line)[:80]}") from None
    return verifier.end()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an export of the audit.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", action="append", required=True, help="public key, base64; may be repeated")
    parser.add_argument("--heads", type=Path, help="the heads that were published, as JSON Lines")
    given = parser.parse_args(words)
    keys = [base64.b64decode(key) for key in given.key]
    published = given.heads.read_bytes().splitlines() if given.heads else ()
    try:
        with given.export.open("rb") as stream:
            done = verify(stream, keys, published)
    except Broken as error:
        sys.stdout.write(f"BROKEN {error}\n")
        return 1
    told = f"WHOLE {done.log}: {done.rows} rows in {done.batches} batches, {done.unsealed} not sealed yet"
    sys.stdout.write(f"{told}, {done.dropped} batches dropped in their time; head {done.last} is {done.head}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
