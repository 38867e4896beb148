"""One worker process: claim loop, journal, scheduler, relay and, when needed, a child for suspects."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

from infra.egress import Lookups
from infra.encryption.installed import InstalledKeys
from infra.mail.server import Server, client_of
from infra.objects.choosing import store_of
from infra.redis import JUDGE, READY
from infra.settings import Settings
from infra.stalls import Watch
from services.archives.archiver import Archiving
from services.engine import leaving
from services.engine.claims import Claims
from services.engine.recovery import sweep
from services.holds import waking as holds
from services.human_tasks import waking
from services.human_tasks.mailing import Mailer
from services.worker import cleaning, domains, failover, load, sealing, traffic
from services.worker.claim_loop import ClaimLoop
from services.worker.composition import Composition
from services.worker.correlator import Correlator
from services.worker.housekeeping import sender
from services.worker.nudge import Nudge
from services.worker.observer import observe
from services.worker.outlets import Outlets
from services.worker.postman import Postman
from services.worker.recorder import Recorder
from services.worker.relay import Relay
from services.worker.scheduler import Scheduler
from services.worker.solo import Suspects
from tenants.audit import watching
from tenants.organizations.domain_proofs import Rules

_log: Final = logging.getLogger(__name__)
DRAIN_SECONDS: Final = 25.0
_END_SECONDS: Final = 5.0


class WorkerProcess:
    """`start` returns when everything runs; `stop` when everything is handed back or done."""

    def __init__(self, settings: Settings, *, send_housekeeping: Callable[[], object]) -> None:
        """`send_housekeeping` may block and may raise when Redis is away."""
        self._settings = settings
        self._send_housekeeping = send_housekeeping
        self._composition = Composition(settings)
        self._suspects = Suspects()
        self._watch = Watch()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        composition = await self._composition.open()
        composition.flushing.add_done_callback(self._ended)
        await composition.look_for_keys()
        name = f"{socket.gethostname()}-{os.getpid()}"
        claims = self._claims(name)
        lookers = self._lookers()
        look = partial(_nudge, *(one.nudge for one in lookers))
        outlets = Outlets(composition.database, self._ring, judge=look)
        relay = Relay(
            composition.database,
            composition.bell,
            self._settings.poll_seconds,
            {**outlets.by_topic, leaving.LEFT: partial(waking.left, composition.database)},
        )
        deliverer = composition.deliverer()
        told = partial(_nudge, relay.nudge, deliverer.nudge)
        advance = composition.advance(claims, leave_after_commit=lambda: self._loop.stopping, told=told)
        self._loop = ClaimLoop(
            claims,
            advance,
            slots=self._settings.worker_slots,
            poll=self._settings.poll_seconds,
            changed=composition.changes.note,
        )
        scheduler = Scheduler(
            partial(sweep, composition.database, self._settings.solo_deaths, self._settings.lease_seconds),
            self._housekeeping(),
            poll=self._settings.poll_seconds,
            wake=self._loop.wake,
            run_solo=self._suspects.ensure,
        )
        self._start(composition.bell.listen(READY, lambda _: self._loop.wake()))
        self._start(composition.bell.listen(JUDGE, lambda _: look()))
        for part in (*lookers, scheduler, relay, deliverer, self._loop):
            self._start(part.run())
        self._start_looking_after(look)
        self._watch.start()
        _log.info("worker ready", extra={"worker": name, "slots": self._settings.worker_slots})

    def _start_asking(self, look: Callable[[], None]) -> None:
        """What connections watch, as far as quotas let it in, how they are, and what people authorise."""
        self._start(self._composition.quotas.run())
        self._start(self._composition.poller(look).run(self._settings.poll_seconds))
        if self._settings.check_seconds:
            self._start(self._composition.checker().run())
        self._start(self._composition.exchanger().run(self._settings.poll_seconds))

    def _start_looking_after(self, look: Callable[[], None]) -> None:
        """What nobody's run waits for."""
        composition = self._composition
        self._start_asking(look)
        self._start(failover.watch(composition.database, self._settings.home))
        self._start(sealing.look_after(composition.database, self._settings))
        self._start(watching.watch(composition.database, publishes=self._settings.audit_heads is not None))
        self._start(composition.clock(self._ring).run(self._settings.poll_seconds))
        self._start(composition.reconciler().run(self._settings.poll_seconds))
        self._start(holds.look_after(composition.database, self._settings.poll_seconds))
        self._start(load.look_after(composition.database))
        self._start(traffic.look_after(composition.database))
        lookups = Lookups(self._settings.dns_resolvers)
        self._start(domains.look_after(composition.database, lookups, Rules.of(self._settings)))
        self._start(self._postman().run())
        keys = InstalledKeys(composition.keys, composition.database)
        self._start(Mailer(composition.database, keys).run(self._settings.poll_seconds))
        if composition.telemetry.measures:
            self._start(observe(composition.database))

    def _postman(self) -> Postman:
        server = Server.of(self._settings)
        client = None if server is None else client_of(server, self._settings)
        database = self._composition.database
        return Postman(database, InstalledKeys(self._composition.keys, database), server, client)

    def _claims(self, name: str) -> Claims:
        settings = self._settings
        return Claims(self._composition.database, name, settings.lease_seconds, tenant_cap=settings.tenant_running)

    def _lookers(self) -> tuple[Correlator, Recorder]:
        """What looks at events that came: which runs they begin, which records they become."""
        its, poll = self._composition, self._settings.poll_seconds
        correlator = Correlator(its.database, its.definitions, poll=poll, wake=self._ring)
        judge = correlator.nudge
        return correlator, Recorder(its.database, its.expressions, poll=poll, wake=self._ring, judge=judge)

    def _housekeeping(self) -> Callable[[], Awaitable[None]]:
        ages, archiving = cleaning.ages(self._settings), Archiving.of(self._settings)
        open_store = partial(store_of, self._settings)
        return sender(self._send_housekeeping, self._composition.database, ages, archiving, open_store)

    def _ring(self) -> None:
        """Say that something is in line, to the others and here."""
        self._composition.bell.ring()
        self._loop.wake()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A part that ends by itself leaves a worker that holds runs and does nothing: better none than that one."""
        if self._loop.stopping or task.cancelled():
            return
        _log.critical("a part of the worker ended; the process stops", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)

    async def stop(self) -> None:
        await asyncio.gather(self._loop.stop(DRAIN_SECONDS), self._suspects.stop(DRAIN_SECONDS))
        for task in self._tasks:
            task.cancel()
        _, stuck = await asyncio.wait(self._tasks, timeout=_END_SECONDS) if self._tasks else (set(), set())
        for task in stuck:
            # Everything is handed back; a part that does not end must not keep the process from ending.
            _log.error("a part of the worker did not end", extra={"part": repr(task.get_coro())})
        self._watch.stop()
        await self._composition.close()


def _nudge(*parts: Nudge) -> None:
    """A commit may have left something for each."""
    for one in parts:
        one()
