"""Requests that would be good, were the id in them the caller's own: what S-02 tries with the ids of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

PREFIXES: Final = {
    "case": "evc",
    "client": "cli",
    "connection": "con",
    "connection_group": "grp",
    "deployment": "dep",
    "document": "doc",
    "endpoint": "whe",
    "entity": "ety",
    "event": "evt",
    "exception": "exc",
    "filed": "doc",
    "hold": "hld",
    "invitation": "inv",
    "message": "msg",
    "neighbour": "cli",
    "partner": "ptr",
    "person": "acc",
    "promotion": "prm",
    "provider": "idp",
    "received": "rcv",
    "role": "rol",
    "run": "run",
    "site": "sit",
    "staff": "acc",
    "staff_invitation": "inv",
    "staff_provider": "idp",
    "staff_role": "rol",
    "waits": "hld",
    "task": "tsk",
    "workaround": "wka",
    "workflow": "wfv",
}
"""What ids begin with, by kind. A `neighbour` is a client of one's own partner, and `staff` the partner's own."""
NOBODYS: Final = {"host": "portal.nobody.example"}
"""What nobody has, of kinds that have no id."""
SETTINGS: Final = {"base_url": "http://127.0.0.1:9", "allow_http": True}
CONNECTION: Final = {"name": "new", "connector": "erp-simulator", "settings": SETTINGS, "secrets": {"token": "t" * 12}}
DEPLOYMENT: Final = {"name": "new", "template": {"name": "order-release"}, "bindings": {"erp": "{own:connection}"}}
INVITATION: Final = {"email": "new@acme.example", "name": "New", "roles": ["{own:role}"]}
PROVIDER: Final = {"name": "New", "issuer": "https://login.new.example", "client_id": "portal"}
SEAT: Final = {"kind": "data", "subject": "order", "owner": "role:x", "deputy": "role:y"}
HOOK: Final = {
    "name": "new",
    "connection": "{id}",
    "verification": {"style": "standard-webhooks"},
    "event": {"type": {"value": "order.captured"}},
}
MATRIX: Final = {"rows": [{"name": "all", "decision": "credit.release", "approver_role": "{id}"}]}
ASSIGN: Final = {"action": "assign", "owner": "account:{id}"}


class Attempt(msgspec.Struct, frozen=True):
    """A request that would be good, were its id (`{id}`) the caller's own. `{own:…}` is the caller's own thing.

    `kind`: of what the id is. `field`: where it stands in the body; "" for the path, the query or a header.
    """

    kind: str
    method: str
    path: str
    body: Any = None
    field: str = ""
    headers: dict[str, str] = {}


def bodies(kind: str, method: str, path: str, *variants: tuple[str, Any]) -> Iterator[Attempt]:
    for field, body in variants:
        yield Attempt(kind, method, path, body, field)


def of_people() -> Iterator[Attempt]:
    """Who signs in, and by what: those of a client, and those of its partner's own."""
    invitation = ("POST", "/v1/invitations")
    given = ("PUT", "/v1/people/{own:person}/roles")
    for role in ("role", "staff_role"):
        yield Attempt(role, "GET", "/v1/roles/{id}")
        yield Attempt(role, "PATCH", "/v1/roles/{id}", {"permissions": ["runs:read"]})
        yield from (Attempt(role, "POST", f"/v1/roles/{{id}}/{act}") for act in ("disable", "enable"))
        yield from bodies(role, *invitation, ("/roles", {**INVITATION, "roles": ["{own:role}", "{id}"]}))
        yield from bodies(role, *given, ("/roles", {"roles": ["{id}"]}))
        yield from bodies(role, "POST", "/v1/identity-providers", ("/newcomers", {**PROVIDER, "newcomers": "{id}"}))
    for person in ("person", "staff"):
        yield Attempt(person, "GET", "/v1/people/{id}")
        yield Attempt(person, "PUT", "/v1/people/{id}/roles", {"roles": ["{own:role}"]})
        yield from (Attempt(person, "POST", f"/v1/people/{{id}}/{act}") for act in ("disable", "enable"))
        yield from bodies(
            person, "PUT", "/v1/owners",
            ("/owner", {**SEAT, "owner": "account:{id}"}), ("/deputy", {**SEAT, "deputy": "account:{id}"}),
        )  # fmt: skip
        yield from bodies(person, "POST", "/v1/exceptions/{own:exception}/act", ("/owner", {**ASSIGN, "seen": 0}))
        yield from bodies(
            person, "POST", "/v1/exceptions/act",
            ("/owner", {"preview": True, "filter": {}, **ASSIGN}),
            ("/filter/owner", {"preview": True, "filter": {"owner": "account:{id}"}, "action": "note", "words": "x"}),
        )  # fmt: skip
        noted = {"way": "mail", "step": "x", "owner": "account:{id}"}
        yield from bodies(person, "POST", "/v1/workarounds", ("/owner", noted))
        yield from bodies(person, "POST", "/v1/workarounds/{own:workaround}/act", ("/owner", {**ASSIGN, "seen": 0}))
    for provider in ("provider", "staff_provider"):
        yield Attempt(provider, "GET", "/v1/identity-providers/{id}")
        acts = ("disable", "enable", "provision")
        yield from (Attempt(provider, "POST", f"/v1/identity-providers/{{id}}/{act}") for act in acts)
    for asked in ("invitation", "staff_invitation"):
        yield Attempt(asked, "GET", "/v1/invitations/{id}")
        yield Attempt(asked, "POST", "/v1/invitations/{id}/withdraw")
    for client in ("client", "neighbour"):
        yield from bodies(client, *invitation, ("/client", {**INVITATION, "client": "{id}", "environment": "live"}))
        yield Attempt(client, "GET", "/v1/people?client={id}&environment=live")
    yield from bodies("host", *invitation, ("/host", {**INVITATION, "host": "{id}"}))
    yield Attempt("host", "POST", "/v1/connections/{own:connection}/authorization-link", {"host": "{id}"}, "/host")


def of_webhooks() -> Iterator[Attempt]:
    """Where a client's events go, and what became of them."""
    at, day = "/v1/webhook-endpoints/{id}", {"since": "2026-01-01T00:00:00Z", "until": "2036-01-01T00:00:00Z"}
    yield from (Attempt("endpoint", "GET", one) for one in (at, f"{at}/deliveries"))
    yield Attempt("endpoint", "PATCH", at, {"types": ["*"]})
    yield from (Attempt("endpoint", "POST", f"{at}/{act}") for act in ("disable", "enable"))
    yield Attempt("endpoint", "POST", f"{at}/rotate", {})
    yield Attempt("endpoint", "POST", f"{at}/replay", day)
    yield Attempt("message", "POST", "/v1/webhook-endpoints/{own:endpoint}/deliveries/{id}/replay")
    yield Attempt("endpoint", "POST", f"{at}/remove")


def of_evidence() -> Iterator[Attempt]:
    at = "/v1/evidence-cases/{id}"
    yield Attempt("case", "GET", at)
    yield Attempt("case", "POST", f"{at}/packs", {"key": "x"})
    yield Attempt("case", "POST", f"{at}/documents", {"document": "{own:filed}", "to": "pod"})


def of_promotions() -> Iterator[Attempt]:
    """What is to run here as it does elsewhere."""
    yield Attempt("promotion", "GET", "/v1/promotions/{id}")
    for act in ("approve", "refuse", "withdraw"):
        yield Attempt("promotion", "POST", f"/v1/promotions/{{id}}/{act}", {"note": "x"})


def of_groups() -> Iterator[Attempt]:
    """Groups of connections: in the path, where a deployment names one, and the connections that their rules name."""
    at, rule = "/v1/connection-groups/{id}", {"connection": "{own:connection}"}
    yield Attempt("connection_group", "GET", at)
    yield Attempt("connection_group", "PATCH", at, {"rules": [rule]})
    yield Attempt("connection_group", "POST", f"{at}/try", {})
    bound = {"bindings": {"erp": "{id}"}}
    yield from bodies(
        "connection_group", "POST", "/v1/deployments", ("/bindings", {**DEPLOYMENT, **bound, "name": "led"})
    )
    yield from bodies("connection_group", "PATCH", "/v1/deployments/{own:deployment}", ("/bindings", bound))
    new = {"name": "new", "rules": [{"connection": "{id}"}]}
    yield from bodies("connection", "POST", "/v1/connection-groups", ("/rules/connection", new))
    own = "/v1/connection-groups/{own:connection_group}"
    yield from bodies("connection", "PATCH", own, ("/rules/connection", {"rules": new["rules"]}))


def of_entities() -> Iterator[Attempt]:
    """What systems know by their ids: an entity in the path, and those that it is merged with or split into."""
    at, key = "/v1/entities/{id}", {"system": "erp", "value": "C-2"}
    own = "/v1/entities/{own:entity}"
    reads = ("", "/history", "/record", "/timeline", "/documents")
    yield from (Attempt("entity", "GET", f"{at}{one}") for one in reads)
    yield Attempt("entity", "POST", f"{at}/keys", key)
    yield Attempt("entity", "POST", f"{at}/keys/remove", key)
    yield Attempt("entity", "POST", f"{at}/merge", {"entity": "{own:entity}", "reason": "x"})
    yield from bodies("entity", "POST", f"{own}/merge", ("/entity", {"entity": "{id}", "reason": "x"}))
    split = {"keys": [{"system": "shop", "value": "own"}], "reason": "x"}
    yield Attempt("entity", "POST", f"{at}/split", split)
    yield from bodies("entity", "POST", f"{own}/split", ("/back_to", {**split, "back_to": "{id}"}))
    yield Attempt("entity", "POST", f"{at}/documents?name=a.txt", "file")
    yield Attempt("run", "POST", f"{own}/documents?run={{id}}", "file")
    yield Attempt("entity", "POST", f"{at}/keep", {"reason": "x"})
    yield Attempt("entity", "POST", f"{at}/let-go")


def of_tasks() -> Iterator[Attempt]:
    """What people are asked to do, and whose skills are whose."""
    at = "/v1/tasks/{id}"
    yield Attempt("task", "GET", at)
    yield Attempt("task", "POST", f"{at}/act", {"action": "claim", "version": 1})
    yield Attempt("task", "POST", f"{at}/complete", {"outcome": "done"})
    yield Attempt("person", "GET", "/v1/tasks?assignee=account:{id}")
    yield from bodies("person", "POST", "/v1/skills", ("/person", {"person": "{id}", "skills": ["x"]}))


def of_holds() -> Iterator[Attempt]:
    """In the path, and what their lists are narrowed by."""
    decided = {"why": "x", "seen": 1}
    yield Attempt("hold", "GET", "/v1/holds/{id}")
    yield from (Attempt("hold", "POST", f"/v1/holds/{{id}}/{act}", decided) for act in ("clear", "override"))
    yield Attempt("run", "GET", "/v1/holds?run={id}")
    yield from (
        Attempt(kind, "GET", f"/v1/{listed}?{kind}={{id}}")
        for listed in ("holds", "holds/summary")
        for kind in ("role", "site")
    )


def below_ones_own() -> Iterator[Attempt]:
    """A thing of another's, asked for below one of the caller's own."""
    received = "/v1/inbound-webhooks/{own:hook}/received/{id}"
    for kind, home in (("document", "runs/{own:run}"), ("filed", "entities/{own:home}")):
        one = f"/v1/{home}/documents/{{id}}"
        yield from (Attempt(kind, "GET", f"{one}{end}") for end in ("", "/content"))
        yield Attempt(kind, "POST", f"{one}/remove", {"reason": "another's"})
    yield Attempt("received", "GET", received)
    yield Attempt("received", "POST", f"{received}/replay")


ATTEMPTS: Final = (
    *below_ones_own(),
    *of_people(),
    *bodies("connection", "POST", "/v1/connections", ("/fallback", {**CONNECTION, "fallback": "{id}"})),
    *bodies("connection", "PATCH", "/v1/connections/{own:connection}", ("/fallback", {"fallback": "{id}"})),
    *bodies("workflow", "POST", "/v1/deployments", ("/workflow", {"name": "new", "workflow": "{id}"})),
    *bodies("connection", "POST", "/v1/deployments", ("/bindings", {**DEPLOYMENT, "bindings": {"erp": "{id}"}})),
    *bodies("workflow", "PATCH", "/v1/deployments/{own:deployment}", ("/workflow", {"workflow": "{id}"})),
    *bodies("connection", "PATCH", "/v1/deployments/{own:deployment}", ("/bindings", {"bindings": {"erp": "{id}"}})),
    *bodies("site", "POST", "/v1/deployments", ("/site", {**DEPLOYMENT, "site": "{id}"})),
    Attempt("connection", "PATCH", "/v1/connections/{id}", {"owner": "x"}),
    Attempt("connection", "POST", "/v1/connections/{id}/check"),
    Attempt("connection", "GET", "/v1/connections/{id}/health"),
    *bodies("connection", "POST", "/v1/inbound-webhooks", ("/connection", HOOK)),
    Attempt("site", "PATCH", "/v1/sites/{id}", {"name": "New"}),
    Attempt("site", "PATCH", "/v1/sites/{id}/parameters", {"values": {"x": 1}}),
    *bodies("connection", "PUT", "/v1/owners", ("/subject", {**SEAT, "kind": "integration", "subject": "{id}"})),
    *bodies("connection", "POST", "/v1/owners/remove", ("/subject", {"kind": "integration", "subject": "{id}"})),
    *bodies("deployment", "POST", "/v1/retention", ("/deployment", {"deployment": "{id}", "keep": "P400D"})),
    *(
        Attempt(kind, "POST", "/v1/runs/redrive", {"preview": True, "filter": {kind: "{id}"}}, f"/filter/{kind}")
        for kind in ("deployment", "workflow", "connection")
    ),
    *(
        Attempt(
            kind,
            "POST",
            "/v1/exceptions/act",
            {"preview": True, "filter": {kind: "{id}"}, "action": "assign", "owner": "role:x"},
            f"/filter/{kind}",
        )
        for kind in ("deployment", "connection")
    ),
    Attempt(
        "exception",
        "POST",
        "/v1/exceptions/act",
        {"preview": True, "filter": {"ids": ["{id}"]}, "action": "assign", "owner": "role:x"},
        "/filter/ids",
    ),
    Attempt("client", "POST", "/v1/keys", {"name": "x", "client": "{id}", "environment": "live"}, "/client"),
    Attempt("partner", "POST", "/v1/keys", {"name": "x", "partner": "{id}"}, "/partner"),
    *(
        Attempt(kind, "GET", f"/v1/{listed}?{kind}={{id}}")
        for listed, kinds in {
            "entries": ("connection", "run"),
            "notices": ("connection", "run"),
            "deadlines": ("run",),
            "runs": ("deployment", "event"),
            "exceptions": ("connection", "deployment", "run"),
            "exceptions/summary": ("connection", "deployment"),
            "exceptions/groups": ("connection", "deployment"),
            "tasks": ("run",),
            "inbound-webhooks": ("connection",),
        }.items()
        for kind in kinds
    ),
    *(
        Attempt("person", "GET", f"/v1/{listed}?owner=account:{{id}}")
        for listed in ("exceptions", "exceptions/summary", "exceptions/groups", "workarounds")
    ),
    *of_webhooks(),
    *of_entities(),
    *of_groups(),
    *bodies("role", "PUT", "/v1/authority", ("/rows/approver_role", MATRIX)),
    *of_promotions(),
    *of_tasks(),
    *of_holds(),
    *of_evidence(),
    Attempt("workaround", "GET", "/v1/workarounds/{id}"),
    Attempt("workaround", "POST", "/v1/workarounds/{id}/act", {"action": "retire", "seen": 0}),
    *(Attempt("run", "GET", f"/v1/{listed}?run={{id}}") for listed in ("touches", "customer-notices")),
    Attempt("run", "GET", "/v1/runs/changes?run={id}"),
    Attempt("waits", "GET", "/v1/deadlines?subject={id}"),
    *(
        Attempt(kind, "GET", f"/v1/audit?{name}={{id}}")
        for kind, name in (("run", "target"), ("run", "about"), ("person", "about"))
    ),
    Attempt("person", "GET", "/v1/audit?actor=account:{id}"),
    Attempt("connection", "GET", "/v1/runs", headers={"idempotency-key": "{id}", "x-request-id": "{id}"}),
)
