"""A run's row, its journal and its ledger in memory, under the rules of the doors; and a side that counts what it did.

The engine's own code moves the run: `Advance`, its ledger, decisions and retries. Only the database and the other
system are stood in for, so that thousands of histories take seconds.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock
from services.connectors.visit import absent
from services.engine import decisions
from services.engine.claims import Claim
from services.engine.faults import standard
from services.engine.functions import Answer, Call, Done, EffectMode, Failed, Later, Terms
from services.engine.journal import Checkpoint, Outcome
from tests.services.engine.ledger_status import Effect, fold

TENANT, RUN, DEPLOYMENT, CONNECTION = (UUID(int=n) for n in range(1, 5))
BEGAN: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_AWAY: Final = standard("communication", "away", "it is away")
_REFUSED: Final = Failed(error=standard("communication", "no", "it says no"))
_BUSY: Final = Later(reason="busy", ref="erp", error=_AWAY, seconds=1.0, sent=False)
_LOST: Final = Later(reason="its answer was lost", ref="erp", error=_AWAY, seconds=1.0, uncertain=True)


class Died(BaseException):
    """The worker is gone, with all that it had in memory."""


class StillClaim(Claim, frozen=True, kw_only=True):
    """Its time is the model's, so that the same history is the same each time."""

    def moment(self) -> dt.datetime:
        return self.claimed_at


class Store:
    """One run. `fates`: whether the worker dies `before` or `after` its next commits."""

    def __init__(self) -> None:
        self.state, self.fence, self.seq, self.is_leased = "pending", 0, 0, False
        self.snapshot: bytes | None = None
        self.attempt = 1
        self.lines: list[tuple[str, str]] = []
        self.effects: dict[str, Effect] = {}
        self.moment = BEGAN
        self.due: dt.datetime | None = None
        self.waits_for = ""
        self.fates: list[str] = []

    def claim(self) -> Claim:
        """By whatever worker, whoever held it before."""
        self.moment = max(self.moment, self.due or self.moment) + dt.timedelta(milliseconds=1)
        self.fence, self.is_leased, self.due = self.fence + 1, True, None
        return StillClaim(
            tenant_id=TENANT,
            run_id=RUN,
            fence=self.fence,
            seq=self.seq,
            attempt=self.attempt,
            deployment_id=DEPLOYMENT,
            revision=1,
            environment="live",
            created_at=BEGAN,
            input="null",
            snapshot=self.snapshot,
            started_at=BEGAN,
            claimed_at=self.moment,
            heard_at=clock.monotonic(),
        )

    def submit(self, made: Checkpoint) -> asyncio.Future[Outcome]:
        """As `app.checkpoint_runs`: under fence and seq, or not at all."""
        fate = self.fates.pop(0) if self.fates else ""
        if fate == "before":
            raise Died
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        done.set_result(self._write(made))
        if fate == "after":
            raise Died
        return done

    def _write(self, made: Checkpoint) -> Outcome:
        if made.fence != self.fence or not self.is_leased or made.seq != self.seq:
            return "lost"
        self.state, self.snapshot, self.attempt = made.state, made.snapshot, made.attempt
        self.is_leased = made.state == "running"
        self.due = None if made.delay is None else self.moment + dt.timedelta(seconds=made.delay)
        self.waits_for = msgspec.json.decode(made.waiting_for)["kind"] if made.waiting_for else ""
        for entry in made.entries:
            self.tell(entry.kind, entry.reference, entry.data)
        return "committed"

    def tell(self, kind: str, reference: str, data: str | None) -> None:
        """One line of the journal, with its row in the ledger."""
        self.lines.append((kind, reference))
        self.seq += 1
        fact = msgspec.json.decode(data).get("effect") if data else None
        if fact is not None:
            self.effects[fact["key"]] = fold(self.effects.get(fact["key"]), kind, fact)

    @property
    def is_asked(self) -> bool:
        return self.state == "waiting" and any(one.is_asked for one in self.effects.values())

    async def release(self, held: list[Claim]) -> None:
        self.is_leased = self.is_leased and held[0].fence != self.fence

    async def in_line(self) -> bool:
        return False


class Side:
    """Another system whose books count what it did. What becomes of its next requests and looks is in `fates`."""

    def __init__(self, store: Store, mode: EffectMode, *, sees: bool, seconds: float | None) -> None:
        """`seconds`: for how long it knows a key; None: for ever."""
        self.store, self.mode, self.sees, self.seconds = store, mode, sees, seconds
        self.fates: list[str] = []
        self.booked: dict[str, int] = {}
        self.known: dict[str, dt.datetime] = {}
        self.doubtful: set[str] = set()
        self.overtake: Any = None

    async def terms(self, _call: Call) -> Terms | None:
        if self.mode == "keyed" and self.seconds is None:
            return None
        valid = None if self.seconds is None else round(self.seconds * 1000)
        return Terms(mode=self.mode, operation="write", connection=CONNECTION, key_valid_for=valid)

    async def settle(self, call: Call) -> Answer:
        fate = self._fate()
        if fate == "dies":
            raise Died
        if fate in {"busy", "lost"}:
            return _BUSY
        if not self.sees:
            return decisions.outcome_unknown("write")
        return Done(output={}) if call.key in self.booked else absent("it has not happened")

    async def __call__(self, call: Call) -> Answer:
        if self.mode == "check-then-write" and call.key in self.booked:
            return Done(output={})
        fate = self._fate()
        self._may_be_sent(call)
        if fate == "busy":
            return _BUSY
        if fate == "refused" and not self._knows(call.key):
            return _REFUSED
        if not fate.endswith("nothing"):
            self._do(call.key)
        if not self.sees and fate:
            self.doubtful.add(call.key)
        if fate.startswith("dies"):
            raise Died
        if fate == "frozen":
            await self.overtake()
        if fate.startswith("lost"):
            return decisions.outcome_unknown("write") if self._asks else _LOST
        return Done(output={})

    @property
    def _asks(self) -> bool:
        return self.mode == "once-or-ask" and not self.sees

    def _fate(self) -> str:
        return self.fates.pop(0) if self.fates else ""

    def _do(self, key: str) -> None:
        if not self._knows(key):
            self.booked[key] = self.booked.get(key, 0) + 1
            self.known[key] = self.store.moment

    def _knows(self, key: str) -> bool:
        """Whether it answers the key as it did before, whatever it would say of a new one."""
        if self.mode != "keyed" or key not in self.known:
            return False
        return self.seconds is None or (self.store.moment - self.known[key]).total_seconds() <= self.seconds

    def _may_be_sent(self, call: Call) -> None:
        """What must be so whenever a request goes out."""
        ended = ("task.completed", call.reference) in self.store.lines
        assert not ended, "a call whose answer is stored is made again"
        row = self.store.effects.get(call.key)
        if self.mode != "keyed":
            assert row is not None, "nothing said that it is sent"
            assert row.status == "sent", f"it is sent while it is {row.status}"
            if self._asks:
                assert call.key not in self.doubtful, "what may have happened is repeated, and nobody was asked"
