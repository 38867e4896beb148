"""What was done for a claimed run and is not committed yet; it becomes the run's checkpoints, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from infra import ids
from infra.database import Database, through_outage
from infra.telemetry import instruments
from services.engine import decisions, effects, emission, payload_rows, payloads, subscriptions, values
from services.engine.calls import Planned
from services.engine.claims import Claim
from services.engine.functions import Later
from services.engine.journal import Audit, Checkpoint, Entry, IfAsked, Journal, Message, Outcome, Usage
from services.engine.lifecycle import Line, members
from services.engine.payloads import LARGE, Large
from services.engine.state import Snapshot, Step
from services.engine.waits import Calling, Effect

SHOWN_SECONDS: Final = 0.1
"""A call that takes longer is shown while it lasts, for one commit more; below it nobody would see it."""


class Progress:
    """One for each claim. Its lines carry the time at which they were noted.

    Attributes:
        is_newly_listening: a checkpoint gave the run new subscriptions; what came meanwhile is to be looked for.
        read: events of the inbox that were delivered and are not committed yet.
        is_asked: somebody wants the run suspended: no other call is to be begun.
        large: the run's values that are stored by reference.
    """

    def __init__(self, claim: Claim, journal: Journal, told: Callable[[], None]) -> None:
        """`told`: a commit left something for the relay."""
        self._claim = claim
        self._journal = journal
        self._told = told
        self._began = claim.started_at if claim.snapshot is None else None
        self._seq = claim.seq
        self._entries: list[Entry] = []
        self._usage: list[Usage] = []
        self._audit: list[Audit] = []
        self._messages: list[Message] = []
        self._stored: list[subscriptions.Subscription] = []
        self._shown: asyncio.Future[Outcome] | None = None
        self._whole: dict[int, str] = {}  # lines whose data has holes, by place
        self.is_newly_listening = False
        self.is_asked = False
        self.read: list[UUID] = []
        self.large = Large()

    async def opened(self, database: Database) -> Claim:
        """The claim with the large values of its snapshot, or of its input where it has none. Safe to repeat.

        Raises:
            PayloadUnreadable: one is missing or damaged.
        """
        claim = self._claim
        stored = claim.snapshot if claim.snapshot is not None else (claim.input or "").encode()
        if not payloads.has_holes(stored):
            return claim
        text = await through_outage(
            lambda: payload_rows.open_run(database, claim.tenant_id, claim.run_id, stored, self.large), "a run's values"
        )
        return replace(claim, input=text.decode()) if claim.snapshot is None else replace(claim, snapshot=text)

    def stands_at(self, snapshot: Snapshot) -> None:
        """The claimed snapshot: what it listens for is stored."""
        self._stored = subscriptions.of(snapshot)

    def take(self, step: Step) -> None:
        """What `step` did, and what it sets going. A run's first step was when the run's own clock says (ADR 0009)."""
        at, self._began = self._began or self._claim.moment(), None
        for entry in step.entries:
            data = values.encode(entry.data).decode() if entry.data else None
            if data is not None and len(data) > LARGE:
                self._whole[len(self._entries)] = data
                data = self.large.text(entry.data)
            self._entries.append(Entry(entry.kind, entry.reference, entry.name, data, at))
        self._messages += emission.messages(self._claim, step)
        for refused in emission.refused(step):
            data = msgspec.json.encode(refused).decode()
            self.add("run.loop-refused", data=data)
            self._audit.append(Audit(ids.new(), "run.loop-refused", ids.show("run", self._claim.run_id), data))

    def add(self, kind: str, reference: str = "", name: str = "", data: str | None = None) -> None:
        """One line that is the engine's and not the workflow's; `data` is JSON text."""
        self._entries.append(Entry(kind, reference, name, data, self._claim.moment()))

    def put_off(self, calling: Calling, later: Later, pause: float) -> None:
        """The open call is made again in `pause` seconds."""
        # Who is called from a line and finds no room stands in it as before: nothing new to tell.
        if later.line and later.reason == calling.reason:
            return
        effect = calling.effect
        instruments.RETRIES.add(1, effect.function)
        data = {"attempt": calling.attempt, "seconds": round(pause, 3), "reason": later.reason}
        self.add("task.retried", effect.reference, effect.name, msgspec.json.encode(data).decode())

    def rerouted(self, effect: Effect, via: str) -> None:
        """Another connection was asked than the one that the call names."""
        data = {"via": via, "reason": "the connection is away"}
        self.add("task.rerouted", effect.reference, effect.name, msgspec.json.encode(data).decode())

    def line(self, kind: str) -> Line:
        """The last line of this kind that is not committed yet. Raises LookupError where there is none."""
        for place in reversed(range(len(self._entries))):
            one = self._entries[place]
            if one.kind == kind:
                at = one.at or self._claim.moment()
                data = members(self._whole.get(place, one.data))
                return Line(seq=self._seq + place, at=at, kind=kind, reference=one.reference, data=data)
        raise LookupError(kind)

    def meter(self, kind: str) -> None:
        """One unit, at the next line. Calls of branches that were answered together are one row."""
        seq, quantity = self._seq + len(self._entries), 1
        same = next((one for one in self._usage if (one.seq, one.kind) == (seq, kind)), None)
        if same is not None:
            self._usage.remove(same)
            quantity += same.quantity
        self._usage.append(Usage(seq, kind, quantity))

    @contextlib.contextmanager
    def showing(self, snapshot: Snapshot) -> Iterator[None]:
        """While a call is under way: what waits for a commit gets one when the call takes long.

        Without it the first call after a claim, which needs no commit before it, would be seen only with its answer.
        `snapshot` stands at the call.
        """
        if not self._entries:
            yield
            return
        timer = asyncio.get_running_loop().call_later(SHOWN_SECONDS, self._show, snapshot)
        try:
            yield
        except BaseException:
            if self._shown is not None:
                self._shown.cancel()
            raise
        finally:
            timer.cancel()

    async def held(self) -> bool:
        """Whether the run is still ours, as far as what was shown tells. To be asked before the next commit.

        Raises:
            asyncpg.PostgresError: the database refuses what was shown.
        """
        shown, self._shown = self._shown, None
        return shown is None or self._is_ours(await shown)

    async def commit(self, run_state: str, **columns: Any) -> bool:
        """Commit what was done; False when the run is somebody else's now, or was set aside with this.

        Raises:
            asyncpg.PostgresError: the database refuses it and would refuse it again.
        """
        return self._is_ours(await self._submit(self._checkpoint(run_state, **columns)))

    async def commit_sent(self, sent: Snapshot, calls: list[Planned], unsent: Snapshot, if_asked: IfAsked) -> bool:
        """Commit what was done, and that `calls` are sent; False when they may not be made.

        Then somebody wants the run suspended, and what was done is committed with `unsent`; or it is not ours any more.
        """
        for one in calls:
            self.add(
                effects.SENT, one.call.reference, one.calling.effect.name, effects.sent(one.call, one.terms).text()
            )
        made = self._checkpoint("running", sent, if_asked="refuse")
        if self._is_ours(await self._submit(made)):
            return True
        self._seq -= len(calls)
        entries = made.entries[: len(made.entries) - len(calls)]
        usage = [replace(one, seq=min(one.seq, self._seq - 1)) for one in made.usage]
        text = self.large.encode(unsent)
        kept = [*made.kept, *self.large.take()]
        made = replace(made, entries=entries, usage=usage, snapshot=text, kept=kept, if_asked=if_asked)
        self._is_ours(await self._submit(made))
        return False

    def tell(self, audit: Audit, message: Message) -> None:
        """With the next commit."""
        self._audit.append(audit)
        self.send(message)

    def send(self, message: Message) -> None:
        """With the next commit."""
        self._messages.append(message)

    def _is_ours(self, outcome: Outcome) -> bool:
        self.is_asked = outcome == "asked"
        return outcome not in {"lost", "suspended"}

    def _show(self, snapshot: Snapshot) -> None:
        self._shown = self._submit(self._checkpoint("running", snapshot, if_asked="tell"))

    def _submit(self, made: Checkpoint) -> asyncio.Future[Outcome]:
        future = self._journal.submit(made)
        if made.messages:
            future.add_done_callback(lambda _: self._told())
        return future

    def _checkpoint(
        self,
        run_state: str,
        snapshot: Snapshot | None = None,
        *,
        audit: tuple[Audit, ...] = (),
        messages: tuple[Message, ...] = (),
        kept: bytes | None = None,
        **columns: Any,
    ) -> Checkpoint:
        """Of all that was done so far; from here on the next one is gathered. `kept`: where a run stood that faults."""
        tasks = sum(entry.kind == "task.completed" for entry in self._entries)
        if tasks:
            self._usage.append(Usage(self._seq + len(self._entries) - 1, "task", tasks))
        # A batch of messages may leave no line: its call is metered with the next one, as a line has one row a kind.
        behind = self._seq + len(self._entries)
        usage = [one for one in self._usage if one.seq < behind]
        standing = {"snapshot": kept, "attempt": 1} if snapshot is None else self._standing(snapshot)
        made = Checkpoint(
            tenant_id=self._claim.tenant_id,
            run_id=self._claim.run_id,
            fence=self._claim.fence,
            seq=self._seq,
            state=run_state,
            entries=self._entries,
            usage=usage,
            audit=[*self._audit, *audit],
            messages=[*self._messages, *messages],
            read=self.read,
            kept=self.large.take(),
            **standing,
            **columns,
        )
        self._seq += len(self._entries)
        self._usage = [one for one in self._usage if one.seq >= behind]
        self._entries, self._audit, self._messages, self.read, self._whole = [], [], [], [], {}
        return made

    def _standing(self, snapshot: Snapshot) -> dict[str, Any]:
        """Where the run stands, and what it listens for there."""
        wanted = subscriptions.of(snapshot)
        has_changed = wanted != self._stored
        self._stored = wanted
        self.is_newly_listening = self.is_newly_listening or (has_changed and bool(wanted))
        return {
            "snapshot": self.large.encode(snapshot),
            "attempt": decisions.attempt(snapshot),
            "listens": bool(wanted),
            "subscriptions": wanted if has_changed else None,
            "since": self._claim.claimed_at,
        }
