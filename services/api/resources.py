"""What the API process holds open, made once and closed once. A handler finds it as `request.resources`."""

from __future__ import annotations

import asyncio
from functools import cached_property, partial

from infra.database import Database
from infra.egress import Client, Lookups
from infra.egress.rules import guard
from infra.encryption.installed import InstalledKeys, InstalledWrapper
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.voucher import Voucher
from infra.key_services import choosing
from infra.pagination import Cursors
from infra.redis import JUDGE, READY, Doorbell
from infra.settings import Settings
from infra.stalls import Watch
from infra.telemetry import Telemetry
from services.api import touched
from services.api.feeds import Feeds
from services.api.following import Followers
from services.api.graphs import Graphs
from services.api.hold_judge import hold_judge
from services.api.kept_answers import KeptAnswers
from services.api.matrix_judge import matrix_judge
from services.api.room import Room
from services.api.strangers import Strangers
from services.api.throttle import Throttle
from services.connectors import certification
from services.connectors.builtin import offered_connectors
from services.connectors.forms import forms
from services.connectors.levels import Level
from services.connectors.registry import Registry
from services.documents import holding
from services.documents.documents import Documents
from services.engine.changes import Changes
from services.engine.expressions.pool import ExpressionPool
from services.engine.quotas import Quotas
from services.events.checks import EventChecks
from services.events.intake import Intake
from services.evidence import packing
from services.holds.authority import Judge
from services.human_tasks.deciding import Desk as Tasks
from services.inbound.directory import Hooks
from services.protocols.exchange import Exchange
from services.protocols.resources.fetching import Resources as Fetched
from services.rehearsals.rehearsals import Rehearsals
from tenants.audit import watching
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tenants.identity.access_tokens import AccessTokens
from tenants.identity.keyring import Keyring
from tenants.identity.uses import Uses
from tenants.organizations.opened_networks import OpenedNetworks
from tenants.organizations.raster import Drawings


class Resources:
    """Open before the first request and closed after the last one.

    Raises:
        NoCursorKey, KeyFileUnusable: the installation's key file is missing, or open to others.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.telemetry = Telemetry(settings, "api")
        self.database = Database(settings.database_url)
        self.keyring = Keyring(self.database)
        self.uses = Uses(self.database)
        self.access_tokens = AccessTokens.of_file(settings.service_key, _address(settings))
        self.cursors = Cursors.of_file(settings.service_key)
        self.kept_answers = KeptAnswers.of_file(settings.service_key)
        self.throttle = Throttle(settings)
        self.strangers = Strangers(settings.trusted_proxies)
        self.registry = Registry(offered_connectors(settings.connectors))
        self.keys = InstalledKeys(FileKeyProvider(settings.service_key, settings.service_old_files), self.database)
        self.wrapper = choosing.sealing(settings)
        self.enclosing = InstalledWrapper(self.wrapper, self.database)
        self.desk = Desk(forms(self.registry), Sealer(self.wrapper, Voucher.of_file(settings.service_key)))
        self.expressions = ExpressionPool(size=1)
        self.doorbell = Doorbell(settings.redis_url) if settings.redis_url else None
        self.quotas = Quotas(self.database)
        self.tasks = Tasks(matrix_judge, touched=touched.of_task)
        self.deciding = Room()
        self.event_checks = EventChecks(self.database)
        self.drawings = Drawings()
        self.rehearsals = Rehearsals()
        self.hooks = Hooks(self.database, self.keys)
        self.lookups = Lookups(settings.dns_resolvers)
        self._running: list[asyncio.Task[None]] = []
        self.intake = Intake(self.database, self.quotas.follow, self.ring, judge=partial(self.ring, JUDGE))
        self.followers = Followers(self.doorbell)
        self.feeds = Feeds(self.database, self.doorbell)
        self.changes = Changes(_nobody if self.doorbell is None else self.doorbell.publish)
        self.graphs = Graphs(self.database)
        self.networks = OpenedNetworks(self.database)
        self.client = Client(guard(settings), allowed=self.networks)
        self.documents = Documents(self.database, settings, self.keys)
        self._watch = Watch()
        self.elsewhere = Fetched(Exchange(self.client))
        self.judge: Judge = hold_judge
        """Who decides about holds."""

    @cached_property
    def levels(self) -> dict[str, Level]:
        """How far each connector is proven, by its name."""
        return certification.levels(self.registry)

    async def open(self) -> None:
        await self.telemetry.open()
        await self.database.open()
        await self.client.__aenter__()
        self.expressions.start()
        self.followers.open()
        self.feeds.open()
        running = [one.run() for one in (self.quotas, self.uses, self.networks)]
        running.append(holding.look_after(self.database, self.documents))
        running.append(packing.look_after(self.database, self.documents))
        running.append(self.strangers.look_after(self.database))
        running.append(watching.watch(self.database, publishes=self.settings.audit_heads is not None))
        self._running = [asyncio.create_task(one) for one in running]
        self._watch.start()

    def ring(self, channel: str = READY) -> None:
        """Tell the workers that a run is due; they look by themselves as well."""
        if self.doorbell is not None:
            self.doorbell.ring(channel)

    def release(self) -> None:
        """Let everybody go who waits for something: the process is about to end."""
        self.followers.release()
        self.feeds.release()

    async def close(self) -> None:
        self._watch.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.uses.write()
        await self.strangers.write(self.database, all_of_them=True)
        await self.expressions.stop()
        await self.followers.close()
        await self.feeds.close()
        await self.changes.close()
        if self.doorbell is not None:
            await self.doorbell.close()
        await self.client.close()
        await self.wrapper.close()
        await self.documents.close()
        await self.database.close()
        await self.telemetry.close()


def _address(settings: Settings) -> str:
    """By which this API issues tokens, and takes them: equal in all of its processes."""
    if settings.api_hosts:
        return f"https://{settings.api_hosts[0]}"
    return f"http://{settings.api_host}:{settings.api_port}"


async def _nobody(_channel: str, _message: bytes) -> bool:
    return False
