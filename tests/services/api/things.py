"""What the matrix of routes knocks at: one of each kind of thing."""

from __future__ import annotations

import re
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from services.deadlines import deadlines, plan
from services.deadlines.kinds import Subject
from services.engine import findings
from tenants.identity import accounts, role_repository
from tenants.identity.accounts import NewAccount
from tenants.mail import service
from tenants.mail.service import NewMail
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.asgi import Caller
from tests.services.api.entry_side import asked, by_hand
from tests.services.api.parties import Parties, holding_all, id_of
from tests.services.api.senders import body_of, make_sender
from tests.services.archives.olden import Olden

CANARY = "canary-5521-payload"
ORDER = {
    "specversion": "1.0",
    "id": "order-1",
    "source": "/shop",
    "type": "order.captured",
    "subject": "SO-1",
    "datacontenttype": "application/json",
    "data": {"note": CANARY},
}


MAPPING = {
    "record": "customer",
    "system": "shop",
    "events": {"shop.customer": "customer.updated"},
    "program": '{id: .no, name: .name, status: "active"}',
    "examples": [
        {
            "name": "one",
            "data": {"no": "C-1", "name": "Acme"},
            "record": {"id": "C-1", "name": "Acme", "status": "active"},
        }
    ],
}


CALENDAR = {"time_zone": "Europe/Berlin", "week": {"monday": [{"opens": "08:00", "closes": "17:00"}]}}


class Things(msgspec.Struct, frozen=True):
    """What a path's parameters stand for: things of acme in `live`."""

    values: dict[str, str]

    def path(self, template: str, **other: str) -> str:
        """`template` with every parameter filled in; fails for one without a value: no route slips through."""
        known = {"effect": "0" * 64, **self.values, **other}
        return re.sub(r"{(\w+)}", lambda match: known[match[1]], template)


async def make_things(parties: Parties, app_database: Database, worker: Database, olden: Olden) -> Things:
    """One of each kind, made through the API by acme; but what is the engine's to make."""
    acme = parties.acme
    erp = {
        "name": "erp",
        "connector": "erp-simulator",
        "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
        "secrets": {"token": "simulator-token"},
    }
    connection = (await acme.post("/v1/connections", erp)).json["id"]
    bound = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": connection}}
    deployment = (await acme.post("/v1/deployments", bound)).json["id"]
    await parties.north.post("/v1/domains", {"domain": "portal.north.example"})
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    archived = await olden.archived(tenant, ids.read("dep", deployment))
    sent = await acme.post("/v1/events", ORDER, headers={"content-type": "application/cloudevents+json"})
    assert sent.status == 202, sent.body
    endpoint = {"url": "https://hooks.acme.example/x", "types": ["*"]}
    hook = (await acme.post("/v1/webhook-endpoints", endpoint)).json["id"]
    message = ids.new()
    async with worker.tenant(tenant) as transaction:
        await transaction.execute(
            "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, 'runs', $3)",
            tenant,
            message,
            msgspec.json.encode({**ORDER, "subject": sent.json["runs"][0]}).decode(),
        )
    async with app_database.tenant(tenant) as transaction:
        await findings.tell(
            transaction, tenant, ids.read("dep", deployment), "deployment.filter-failed", {"detail": "x"}
        )
    entity = await _entity(acme)
    return Things(
        {
            **await _people(parties, app_database),
            **await _webhook(parties, connection),
            "task": await asked(worker, tenant, sent.json["runs"][0], CANARY),
            "entry": await by_hand(acme, worker, tenant, connection, sent.json["runs"][0], CANARY),
            "exception": (await acme.get("/v1/exceptions")).json["items"][0]["id"],
            "client": "acme",
            "environment": "live",
            "partner": "north",
            "domain": "portal.north.example",
            "template": "order-release",
            "name": "not-found",
            "connector": "erp-simulator",
            "event_type": "order.captured",
            "endpoint": hook,
            "entity": entity,
            "mapping": await _mapping(parties),
            **await _waiting(acme, worker, tenant),
            "message": ids.show("msg", message),
            "connection": connection,
            "connection_group": await _group(acme, connection),
            "deployment": deployment,
            "promotion": await _promotion(parties),
            "workflow": (await acme.get("/v1/workflows?template=order-release")).json["items"][0]["id"],
            "event": sent.json["id"],
            "hold": await _hold(acme),
            "case": await _case(acme),
            "workaround": await _workaround(acme),
            "run": sent.json["runs"][0],
            "archived": ids.show("run", archived),
            "document": await _document(acme, entity, sent.json["runs"][0]),
            "filed": await _document(acme, entity, sent.json["runs"][0]),
            "suppression": await _suppression(parties, app_database, worker),
            "key": await id_of(acme),
            "site": (await acme.post("/v1/sites", {"slug": "depot", "name": "Depot"})).json["id"],
        }
    )


async def _promotion(parties: Parties) -> str:
    """Of what runs in acme's test environment."""
    at = "/v1/clients/acme/test"
    document = (
        "document: {dsl: 1.0.3, namespace: acme, name: later, version: 1.0.0}\ndo: [{rest: {wait: {hours: 1}}}]\n"
    )
    workflow = (await parties.north.post(f"{at}/workflows", {"document": document})).json["id"]
    await parties.north.post(f"{at}/deployments", {"name": "later", "workflow": workflow})
    wanted = {"from": {"environment": "test", "deployment": "later"}}
    proposed = await parties.north.post("/v1/clients/acme/live/promotions", wanted)
    assert proposed.status == 201, proposed.body
    return str(proposed.json["id"])


async def _webhook(parties: Parties, connection: str) -> dict[str, str]:
    """An endpoint and what it received; the address is nobody's, since whose it is the signature says."""
    sender = await make_sender(parties.acme, parties.nobody, connection=connection)
    sent = await sender.send("first", body_of(note=CANARY))
    assert sent.status == 202, sent.body
    return {"hook": sender.made["id"], "received": sent.json["id"], "address": "x" * 22}


async def _entity(acme: Caller) -> str:
    """Known in two systems, so that it can be split."""
    keys = [{"system": "erp", "value": "C-1"}, {"system": "shop", "value": "77"}]
    made = await acme.post("/v1/entities", {"kind": "customer", "keys": keys})
    assert made.status == 201, made.body
    return str(made.json["id"])


async def _hold(acme: Caller) -> str:
    """Which asks for nobody's decision."""
    made = await acme.post("/v1/holds", {"order": "SO-1", "type": "stock", "reason": "short", "words": CANARY})
    assert made.status == 200, made.body
    return str(made.json["hold"]["id"])


async def _case(acme: Caller) -> str:
    """Of evidence, about the entity."""
    wanted = {"case": "D-1", "reason": "damage", "required": [{"name": "pod", "title": CANARY}]}
    made = await acme.post("/v1/evidence-cases", {**wanted, "about": {"kind": "customer", "key": "C-1"}})
    assert made.status == 200, made.body
    return str(made.json["id"])


async def _workaround(acme: Caller) -> str:
    made = await acme.post("/v1/workarounds", {"way": "mail", "step": "prices", "owner": "role:x", "words": CANARY})
    return str(made.json["id"])


async def _group(acme: Caller, connection: str) -> str:
    """Which nothing is bound to."""
    made = await acme.post("/v1/connection-groups", {"name": "erps", "rules": [{"connection": connection}]})
    assert made.status == 201, made.body
    return str(made.json["id"])


async def _waiting(acme: Caller, worker: Database, tenant: TenantId) -> dict[str, str]:
    """A calendar, and what waits for somebody until its deadline by that."""
    made = await acme.send("PUT", "/v1/calendars/yard", CALENDAR)
    assert made.status == 200, made.body
    subject = Subject("hold", ids.new())
    async with worker.tenant(tenant) as transaction:
        await deadlines.begin(transaction, tenant, subject, plan.read({"calendar": "yard", "due": "PT4H"}))
    return {"calendar": "yard", "waits": subject.shown}


async def _mapping(parties: Parties) -> str:
    """One of the environment's and one of the partner's, both drafts of one name."""
    for caller, path in ((parties.acme, "/v1"), (parties.north, "/v1/partners/north")):
        made = await caller.send("PUT", f"{path}/mappings/shop-orders", {"mapping": MAPPING})
        assert made.status == 200, made.body
    return "shop-orders"


async def _document(acme: Caller, entity: str, run: str) -> str:
    """Of both, so that it is found by the paths of either."""
    made = await acme.send("POST", f"/v1/entities/{entity}/documents?name=pod.txt&run={run}", raw=CANARY.encode())
    return str(made.json["id"])


async def _suppression(parties: Parties, database: Database, worker: Database) -> str:
    """Of an address that a mail server refused for good."""
    partner, tenant = ids.read("ptr", parties.ids["north"]), ids.read("ten", parties.ids["acme:live"])
    new = NewMail(
        partner_id=partner,
        tenant_id=tenant,
        kind="people.password-changed",
        recipient="gone@acme.example",
        recipient_name="Gone",
        facts={},
    )
    async with database.session(Scope.tenant(tenant)) as session:
        mail = await service.post(session, new)
        await session.commit()
    async with worker.doors() as connection:
        await connection.execute("SELECT app.settle_mail($1, 'bounced', 'no such user', 0)", mail)
    (found,) = (await (await holding_all(parties)).acme.get("/v1/mail-suppressions")).json["items"]
    shown: str = found["id"]
    return shown


async def _people(parties: Parties, database: Database) -> dict[str, str]:
    """Of those who sign in, at acme and at north itself, whose are those that begin with `staff`."""
    all_holding = await holding_all(parties)
    for partner in ("north", "south"):
        async with database.session(Scope.operator()) as session:
            row = await organizations.find_partner(session, partner)
            await branding.add_host(session, row, host_of(partner), actor="test")
            await session.commit()
    made: dict[str, str] = {
        "host": host_of("north"),
        "resource_type": "User",
        "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
        # Of directories: whom these reach is what `routes/test_scim_isolation.py` tells.
        "user": ids.show("acc", ids.new()),
        "group": ids.show("rol", ids.new()),
    }
    for maker, tenant, level, begins in (
        (all_holding.acme, parties.ids["acme:live"], "client", ""),
        (all_holding.north, None, "partner", "staff_"),
    ):
        new = {"slug": "night-shift", "name": "Night shift", "level": level, "permissions": ["runs:read"]}
        role = (await maker.post("/v1/roles", new)).json["id"]
        provider = {"name": "Own", "issuer": "https://login.acme.example", "client_id": "portal", "newcomers": role}
        asked = {"email": "asked@acme.example", "name": "Asked", "roles": [role]}
        made |= {
            f"{begins}role": role,
            f"{begins}provider": (await maker.post("/v1/identity-providers", provider)).json["id"],
            f"{begins}invitation": (await maker.post("/v1/invitations", asked)).json["id"],
            begins.rstrip("_") or "person": await make_person(database, parties.ids["north"], tenant, role),
        }
    return made


def host_of(partner: str) -> str:
    """Where its people sign in."""
    return f"people.{partner}.example"


async def make_person(
    database: Database, partner: str, tenant: str | None, role: str, email: str = "somebody@acme.example"
) -> str:
    """Somebody who signs in at a provider, with a role; of the partner's own without a tenant."""
    partner_id = ids.read("ptr", partner)
    tenant_id: UUID | None = None if tenant is None else ids.read("ten", tenant)
    new = NewAccount(
        partner_id=partner_id,
        tenant_id=tenant_id,
        email=email,
        name="Somebody",
        password_hash=None,
        permissions=frozenset(),
    )
    async with database.session(Scope.partner(partner_id) if tenant_id is None else Scope.tenant(tenant_id)) as session:
        found = await accounts.create(session, new, actor="test")
        await role_repository.give(session, found, [ids.read("rol", role)])
        await session.commit()
    return accounts.shown(found)
