"""The demo data of `waybill up`: partners, their clients, keys and portals, and a template deployed for each client.

Everything is made through the same services as by the API, found again when it exists, and left alone once somebody
changed it: a demo connection that was led to another ERP stays there.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from infra.database import Database, Scope
from infra.embedded.home import Home, write_private
from infra.encryption.voucher import Voucher
from infra.key_services import choosing
from infra.pagination import Page
from infra.settings import BadSetting, Settings
from services.cli.demo_cast import CAST, Part
from services.cli.demo_owners import name_all
from services.cli.demo_portal import portal
from services.cli.running import Demo, Portal
from services.connectors.builtin import all_connectors
from services.connectors.forms import forms
from services.connectors.registry import Registry
from template_library import catalog
from tenants.connections import service as connections
from tenants.connections.sealing import Sealer
from tenants.connections.service import Changes, Desk
from tenants.connections.service import Plan as ConnectionPlan
from tenants.deployments import service as deployments
from tenants.deployments.service import Plan
from tenants.identity import service as identity
from tenants.identity.keyring import Keyring
from tenants.identity.principal import Principal
from tenants.identity.service import Holder, NewKey
from tenants.organizations import service as organizations
from tenants.organizations.errors import UnknownClient, UnknownPartner

TEMPLATE: Final = "order-release"
VERSION: Final = "1.1.0"
"""The newest that answers a held order by itself: nobody is at a demonstration who decides."""
CONNECTOR: Final = "erp-simulator"
_OPERATOR: Final = "demo operator"
_FIRST: Final = Page(1)


async def seed(settings: Settings) -> Demo:
    """Make or find the demo data and answer the ways in; keys and passwords lie in the home's `secrets/`, mode 0600.

    Raises:
        BadSetting: the simulated ERP's address is not known.
        KeyFileUnusable: there is no key to seal the connection's secret with.
    """
    if not settings.demo_erp_url:
        raise BadSetting("WAYBILL_DEMO_ERP_URL", "", "the simulated ERP's address; `waybill up` sets it")
    home = Home(settings.home)
    home.make()
    wrapper = choosing.sealing(settings)
    desk = Desk(
        forms(Registry(all_connectors(folder=settings.connectors))),
        Sealer(wrapper, Voucher.of_file(settings.service_key)),
    )
    database = await Database(settings.database_url, pool_size=2).open()
    try:
        portals, api_keys = [], []
        for part in CAST:
            way_in, api_key = await _play(database, home, desk, settings.demo_erp_url, part)
            portals.append(way_in)
            api_keys.append(api_key)
    finally:
        await database.close()
        await wrapper.close()
    first = CAST[0]
    return Demo(
        partner=first.partner[1],
        client=first.client[0],
        environment=first.environment,
        api_key=api_keys[0],
        portals=tuple(portals),
    )


async def _play(database: Database, home: Home, desk: Desk, erp_url: str, part: Part) -> tuple[Portal, str]:
    """One partner with all that belongs to it; its portal and its client's key."""
    keys = _Keys(database, home)
    partner = await _partner(database, keys, part)
    tenant_id, client, api_key = await _client(database, keys, partner, part)
    erp = await _connection(database, tenant_id, client, desk, erp_url, home.secret("erp-token"))
    await name_all(database, tenant_id, erp, actor=client.actor)
    await _deployment(database, tenant_id, client, desk, erp)
    if partner.partner_id is None:
        raise RuntimeError("the demo partner's key is of no partner")
    return await portal(database, home, part, partner.partner_id, tenant_id), api_key


class _Keys:
    """API keys in files of the home; a file whose key is not live any more is written anew."""

    def __init__(self, database: Database, home: Home) -> None:
        self._database = database
        self._home = home
        self._ring = Keyring(database)

    async def find(self, name: str) -> tuple[Principal, str] | None:
        """Whom the key in `secrets/NAME` stands for, and its text."""
        try:
            text = (self._home.secrets / name).read_text(encoding="ascii").strip()
        except OSError:
            return None
        principal = await self._ring.authenticate(text)
        return None if principal is None else (principal, text)

    async def operator(self) -> Principal:
        found = await self.find("operator-key")
        if found is None:
            async with self._database.session(Scope.operator()) as session:
                _, text = await identity.create_operator(session, _OPERATOR, actor="cli:up")
                await session.commit()
            found = await self._keep("operator-key", text)
        return found[0]

    async def of(self, name: str, holder: Holder) -> tuple[Principal, str]:
        """The key of `holder` in `secrets/NAME`, made when there is none that is live."""
        found = await self.find(name)
        if found is not None and (found[0].partner_id, found[0].tenant_id) == (holder.partner_id, holder.tenant_id):
            return found
        async with self._database.session(identity.scope_for(holder)) as session:
            _, text = await identity.create_first(session, NewKey(name="demo", holder=holder), actor="cli:up")
            await session.commit()
        return await self._keep(name, text)

    async def _keep(self, name: str, text: str) -> tuple[Principal, str]:
        write_private(self._home.secrets / name, text.encode())
        principal = await self._ring.authenticate(text)
        if principal is None:
            raise RuntimeError(f"the key in {name} was just made and is not live")
        return principal, text


async def _partner(database: Database, keys: _Keys, part: Part) -> Principal:
    operator = await keys.operator()
    slug, name = part.partner
    async with database.session(Scope.operator()) as session:
        try:
            found = await organizations.find_partner(session, slug)
        except UnknownPartner:
            found = await organizations.create_partner(session, slug=slug, name=name, actor=operator.actor)
            await session.commit()
    principal, _ = await keys.of(f"{part.key}partner-key", Holder(partner_id=found.partner_id))
    return principal


async def _client(database: Database, keys: _Keys, partner: Principal, part: Part) -> tuple[UUID, Principal, str]:
    """The client's tenant, who its key stands for, and the key."""
    if partner.partner_id is None:
        raise RuntimeError("the demo partner's key is of no partner")
    slug, name = part.client
    async with database.session(Scope.partner(partner.partner_id)) as session:
        try:
            found = await organizations.find_client(session, partner.partner_id, slug)
        except UnknownClient:
            found, _ = await organizations.create_client(
                session, partner.partner_id, slug=slug, name=name, actor=partner.actor
            )
            await session.commit()
        tenant = await organizations.find_tenant(session, found, part.environment)
    holder = Holder(partner_id=partner.partner_id, tenant_id=tenant.tenant_id)
    principal, text = await keys.of(f"{part.key}client-key", holder)
    return tenant.tenant_id, principal, text


async def _connection(  # noqa: PLR0913, PLR0917 - what a connection is made of
    database: Database, tenant_id: UUID, client: Principal, desk: Desk, url: str, token: str
) -> UUID:
    """The connection `erp`; while it is the simulator's, it follows the simulator to its present address."""
    settings = {"base_url": url, "allow_http": url.startswith("http:")}
    async with database.session(Scope.tenant(tenant_id)) as session:
        rows, _ = await connections.list_connections(session, tenant_id, _FIRST, {"name": "erp"})
        if not rows:
            plan = ConnectionPlan(connector=CONNECTOR, settings=settings, secrets={"token": token})
            row, _ = await connections.create(session, tenant_id, "erp", plan, desk=desk, actor=client.actor)
        else:
            row, known = rows[0]
            # The token of a home whose secrets were lost is another one; its end tells.
            stale = row.settings.get("base_url") != url or [one.last4 for one in known] != [token[-4:]]
            if row.connector == CONNECTOR and stale:
                changes = Changes(settings=settings, secrets={"token": token})
                row, _ = await connections.update(
                    session, tenant_id, row.connection_id, changes, desk=desk, actor=client.actor
                )
        await session.commit()
        return row.connection_id


async def _deployment(database: Database, tenant_id: UUID, client: Principal, desk: Desk, erp: UUID) -> None:
    """The template's newest version on `erp`; a deployment that exists is left as it is."""
    offers = {name: form.access for name, form in desk.forms.items()}
    async with database.session(Scope.tenant(tenant_id)) as session:
        rows, _ = await deployments.list_deployments(session, tenant_id, _FIRST, name=TEMPLATE)
        if not rows:
            plan = Plan(source=catalog.builtin().find(TEMPLATE, VERSION), bindings={"erp": erp})
            await deployments.create(session, tenant_id, TEMPLATE, plan, offers=offers, actor=client.actor)
            await session.commit()
