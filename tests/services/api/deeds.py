"""One good request for each route that changes something, in an order in which each finds what it needs."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from tests.services.api.attempts import CONNECTION, INVITATION, PROVIDER, SEAT
from tests.services.api.directories import PATCH, TYPED, person
from tests.services.api.things import CALENDAR, MAPPING

Who = Literal["operator", "north", "acme", "directory", "nobody"]
RULES: Final = {"rules": [{"name": "orders", "domains": ["order"]}]}
GUARDED: Final = ["price", "credit", "terms", "payment", "posting", "bank", "compliance"]
WORKFLOW: Final = """\
document: {dsl: 1.0.3, namespace: acme, name: audited, version: 1.0.0}
do:
- wait: {wait: {hours: 1}}
"""
EVENT: Final = {
    "specversion": "1.0", "id": "order-2", "source": "/shop", "type": "order.captured", "subject": "SO-2", "data": {},
}  # fmt: skip
LATELY: Final = {"since": "2026-01-01T00:00:00Z", "until": "2036-01-01T00:00:00Z", "which": "all"}
VALUES: Final = {"values": {"x": 1}}
ROLE: Final = {"slug": "watch", "name": "Watch", "level": "client", "permissions": ["runs:read"]}
QUOTA: Final = {"open_runs": 500}
KEY: Final = {"system": "erp"}
DECIDED: Final = {"decision": "credit.release"}
NETWORK: Final = {"client": "{acme}", "environment": "live", "network": "10.1.0.0/16"}
INTERFACE: Final = {"kind": "event", "name": "order.captured", "publisher": "shop"}


class Deed(msgspec.Struct, frozen=True):
    """`who` asks for it. `{thing}` in path and body is one of `Things`, or what an earlier deed `keeps` of its answer.

    `action`: of the row that it leaves; empty of what only looks, which leaves none.
    """

    who: Who
    method: str
    path: str
    action: str
    body: Any = None
    headers: dict[str, str] = {}
    keeps: str = ""
    raw: bytes | None = None


def of(who: Who, *rows: tuple[Any, ...]) -> tuple[Deed, ...]:
    """`("POST /v1/sites", "site.created", body)`, the body where there is one."""
    made = []
    for where, action, *more in rows:
        method, _, path = where.partition(" ")
        made.append(Deed(who, method, path, action, *more))
    return tuple(made)


ABOVE: Final = of(
    "operator",
    ("POST /v1/partners", "partner.created", {"slug": "west", "name": "West"}),
    ("POST /v1/partners/{west}/disable", "partner.disabled"),
    ("POST /v1/partners/{west}/enable", "partner.enabled"),
    ("PUT /v1/operator/policy", "policy.set", RULES),
    ("PATCH /v1/operator/parameters", "parameters.set", VALUES),
    ("POST /v1/operator/private-networks", "network.opened", {**NETWORK, "reason": "x"}),
    ("POST /v1/operator/private-networks/close", "network.closed", NETWORK),
    ("POST /v1/operator/quotas", "quota.set", QUOTA),
    ("POST /v1/partners/{partner}/quotas", "quota.set", QUOTA),
    ("POST /v1/clients/{sibling}/move", "client.moved-here", {"partner": "south"}),
)
OF_PARTNER: Final = of(
    "north",
    ("POST /v1/clients", "client.created", {"slug": "bolts", "name": "Bolts"}),
    ("POST /v1/clients/bolts/disable", "client.disabled"),
    ("POST /v1/clients/bolts/enable", "client.enabled"),
    ("POST /v1/clients/bolts/environments", "environment.created", {"environment": "qa"}),
    ("POST /v1/clients/bolts/suspend", "client.suspended", {"reason": "x"}),
    ("POST /v1/clients/bolts/resume", "client.resumed"),
    ("PATCH /v1/clients/bolts/parameters", "parameters.set", VALUES),
    ("PUT /v1/clients/bolts/policy", "policy.set", RULES),
    ("POST /v1/clients/bolts/quotas", "quota.set", QUOTA),
    ("PUT /v1/partners/{partner}/policy", "policy.set", {"rules": [], "leaves_open": GUARDED}),
    ("PATCH /v1/partners/{partner}/parameters", "parameters.set", VALUES),
    ("PUT /v1/partners/{partner}/mappings/{mapping}", "mapping.written", {"mapping": MAPPING}),
    ("POST /v1/partners/{partner}/mappings/{mapping}/try", "", {}),
    ("POST /v1/partners/{partner}/mappings/{mapping}/release", "mapping.released", {"version": 1}),
    ("POST /v1/templates/order-release/rehearsals", "template.rehearsed", {"version": "1.0.0"}),
    ("PATCH /v1/brand", "brand.changed", {"name": "North Portal"}),
    ("POST /v1/domains", "domain.claimed", {"domain": "api.north.example", "use": "api"}),
    ("POST /v1/domains/api.north.example/check", ""),
    ("POST /v1/domains/api.north.example/release", "domain.released"),
    ("POST /v1/clients/acme/live/audit/period", "audit.retention-changed", {"days": 400}),
    ("POST /v1/clients/acme/live/audit/hold", "audit.held", {"reason": "x"}),
    ("POST /v1/clients/acme/live/audit/release", "audit.released"),
    ("POST /v1/organization/audit/period", "audit.retention-changed", {"days": 400}),
    ("POST /v1/organization/audit/hold", "audit.held", {"reason": "x"}),
    ("POST /v1/organization/audit/release", "audit.released"),
    ("POST /v1/organization/audit/forget", "audit.veiled", {"subject": "{person}"}),
    ("POST /v1/clients/acme/live/quotas", "quota.set", QUOTA),
)
OF_PEOPLE: Final = of(
    "acme",
    ("POST /v1/keys", "key.created", {"name": "second"}, {}, "second"),
    ("POST /v1/keys/{second}/rotate", "key.rotated", {}),
    ("POST /v1/keys/{second}/revoke", "key.revoked"),
    ("POST /v1/roles", "role.created", ROLE, {}, "made"),
    ("PATCH /v1/roles/{made}", "role.changed", {"permissions": ["runs:read", "usage:read"]}),
    ("POST /v1/roles/{made}/disable", "role.disabled"),
    ("POST /v1/roles/{made}/enable", "role.enabled"),
    ("PUT /v1/people/{person}/roles", "account.roles-set", {"roles": ["{made}"]}),
    ("POST /v1/people/{person}/disable", "account.disabled"),
    ("POST /v1/people/{person}/enable", "account.enabled"),
    ("POST /v1/invitations", "invitation.created", {**INVITATION, "roles": ["{role}"]}),
    ("POST /v1/invitations/{invitation}/withdraw", "invitation.withdrawn"),
    ("POST /v1/mail-suppressions/{suppression}/lift", "mail.suppression-lifted", {"reason": "x"}),
    ("POST /v1/identity-providers", "provider.created", PROVIDER),
    ("POST /v1/identity-providers/{provider}/disable", "provider.disabled"),
    ("POST /v1/identity-providers/{provider}/enable", "provider.enabled"),
    ("POST /v1/identity-providers/{provider}/provision", "provider.provisions"),
)
OF_DIRECTORY: Final = tuple(
    msgspec.structs.replace(one, headers=TYPED if one.body is not None else {})
    for one in of(
        "directory",
        ("POST /scim/v2/Users", "account.provisioned", person("jo"), {}, "jo"),
        ("PATCH /scim/v2/Users/{jo}", "account.changed",
         {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": "Joanna"}]}),
        ("PUT /scim/v2/Users/{jo}", "account.changed", person("jo", displayName="Jo")),
        ("PATCH /scim/v2/Groups/{role}", "account.role-given",
         {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": "{jo}"}]}]}),
        ("PUT /scim/v2/Groups/{role}", "account.role-taken", {"displayName": "Night shift", "members": []}),
        ("DELETE /scim/v2/Users/{jo}", "account.let-go"),
    )
)  # fmt: skip
IN_TENANT: Final = of(
    "acme",
    ("POST /v1/connections", "connection.created", {**CONNECTION, "name": "second"}, {}, "other"),
    ("PATCH /v1/connections/{other}", "connection.updated", {"owner": "Ops"}),
    ("POST /v1/connections/{other}/check", ""),
    ("POST /v1/connections/{other}/disable", "connection.disabled"),
    ("POST /v1/connections/{other}/enable", "connection.enabled"),
    ("POST /v1/connections/{other}/playbook/enter", "playbook.entered", {"reason": "x"}),
    ("POST /v1/connections/{other}/playbook/reconcile", "playbook.reconciling", {}),
    ("POST /v1/connections/{other}/playbook/leave", "playbook.left", {}),
    ("POST /v1/skills", "skills.set", {"person": "{person}", "skills": ["customs"]}),
    ("POST /v1/entries/{entry}/act", "entry.taken", {"action": "take", "version": 1}),
    ("POST /v1/workflows", "workflow.published", {"document": WORKFLOW}, {}, "waiting"),
    ("POST /v1/deployments", "deployment.created", {"name": "waiting", "workflow": "{waiting}"}, {}, "deployed"),
    ("PATCH /v1/deployments/{deployed}", "deployment.prioritized", {"priority": "bulk"}),
    ("POST /v1/deployments/{deployed}/disable", "deployment.disabled"),
    ("POST /v1/deployments/{deployed}/enable", "deployment.enabled"),
    ("POST /v1/event-schemas", "event-schema.registered", {"type": "own.thing", "schema": {"type": "object"}}),
    ("POST /v1/events", "run.started", EVENT, {"content-type": "application/cloudevents+json"}),
    ("POST /v1/exceptions/{exception}/act", "exception.assigned",
     {"action": "assign", "owner": "role:x", "seen": 0}),
    ("POST /v1/exceptions/act", "", {"preview": True, "filter": {}, "action": "note", "words": "x"}, {}, "token"),
    ("POST /v1/exceptions/act", "exception.noted", {"token": "{token}"}),
    ("POST /v1/connection-groups", "connection-group.created",
     {"name": "ways", "rules": [{"connection": "{connection}"}]}, {}, "ways"),
    ("PATCH /v1/connection-groups/{ways}", "connection-group.changed", {"rules": [{"connection": "{other}"}]}),
    ("POST /v1/connection-groups/{ways}/try", "", {}),
    ("POST /v1/entities", "entity.created", {"kind": "customer", "keys": [{**KEY, "value": "C-2"}]}, {}, "twin"),
    ("POST /v1/entities/{twin}/keys", "entity.linked", {**KEY, "value": "C-3"}),
    ("POST /v1/entities/{twin}/keys/remove", "entity.unlinked", {**KEY, "value": "C-3"}),
    ("POST /v1/entities/{entity}/merge", "entity.merged", {"entity": "{twin}", "reason": "x"}),
    ("POST /v1/entities/{entity}/split", "entity.split", {"keys": [{**KEY, "value": "C-2"}], "reason": "x"}),
    ("PUT /v1/mappings/{mapping}", "mapping.written", {"mapping": MAPPING}),
    ("POST /v1/mappings/{mapping}/try", "", {}),
    ("POST /v1/mappings/{mapping}/release", "mapping.released", {"version": 1}),
    ("POST /v1/holds", "hold.raised", {"order": "SO-7", "type": "stock", "reason": "x"}),
    ("POST /v1/holds/act", "", {"preview": True, "filter": {"order": "SO-7"}, "why": "x"}, {}, "token"),
    ("POST /v1/holds/act", "hold.cleared", {"token": "{token}"}),
    ("POST /v1/holds/{hold}/override", "hold.overridden", {"why": "x", "seen": 1}),
    ("POST /v1/holds", "hold.raised", {"customer": "C-7", "type": "stock", "reason": "x"}),
    ("POST /v1/workarounds", "workaround.noted", {"way": "paper", "step": "x", "owner": "role:x"}, {}, "beside"),
    ("POST /v1/workarounds/{beside}/act", "workaround.retired", {"action": "retire", "seen": 0}),
    ("POST /v1/customer-notices/preview", "", {"mail": {"subject": {"en": "x"}, "text": {"en": "x"}}}),
    ("POST /v1/customer-notices/opt-outs", "notice.opted-out",
     {"address": "buyer@example.com", "wants": "none", "reason": "x"}),
    ("POST /v1/customer-notices/withdraw-links", "notice.links-withdrawn", {"about": "sales-order:7", "reason": "x"}),
    ("PUT /v1/hold-types", "hold-types.set",
     {"types": [{"name": "stock", "title": "Stock", "role": "desk", "minutes": 30}]}),
    ("POST /v1/inbound-webhooks", "webhook.created",
     {"name": "other", "connection": "{connection}", "verification": {"style": "standard-webhooks"},
      "event": {"type": {"value": "order.captured"}}}, {}, "address"),
    ("PATCH /v1/inbound-webhooks/{hook}", "webhook.updated", {"media_types": ["application/x+json"]}),
    ("POST /v1/inbound-webhooks/{hook}/rotate", "webhook.rotated", {}),
    ("POST /v1/inbound-webhooks/{hook}/received/{received}/replay", "webhook.replayed"),
    ("POST /v1/inbound-webhooks/{hook}/disable", "webhook.disabled"),
    ("POST /v1/inbound-webhooks/{hook}/enable", "webhook.enabled"),
    ("POST /v1/inbound-webhooks/{hook}/delete", "webhook.deleted", {"name": "shop"}),
    ("PUT /v1/authority", "authority.set", {"rows": [{**DECIDED, "name": "all", "approver_role": "clerk"}]}),
    ("POST /v1/authority/check", "", {**DECIDED, "facts": {"requester": "system:shop"}}),
    ("PUT /v1/interfaces", "interface.declared", INTERFACE),
    ("POST /v1/interfaces/withdraw", "interface.withdrawn", {"kind": "event", "name": "order.captured"}),
    ("PUT /v1/calendars/night", "calendar.saved", CALENDAR),
    ("POST /v1/calendars/night/preview", "", {"durations": ["PT1H"]}),
    ("DELETE /v1/calendars/night", "calendar.removed"),
    ("PUT /v1/owners", "owner.named", {**SEAT, "deputy": "account:{person}"}),
    ("POST /v1/owners/remove", "owner.removed", {"kind": "data", "subject": "order"}),
    ("PATCH /v1/parameters", "parameters.set", VALUES),
    ("POST /v1/sites", "site.created", {"slug": "yard", "name": "Yard"}),
    ("PATCH /v1/sites/{site}", "site.changed", {"name": "Depot 2"}),
    ("PATCH /v1/sites/{site}/parameters", "parameters.set", VALUES),
    ("PUT /v1/peak", "peak.set", {"mode": "on"}),
    ("POST /v1/retention", "retention.changed", {"deployment": "{deployment}", "keep": "P500D"}),
    ("POST /v1/webhook-endpoints", "webhook.created", {"url": "https://b.example/x", "types": ["*"]}, {}, "receiver"),
    ("PATCH /v1/webhook-endpoints/{receiver}", "webhook.updated", {"description": "other"}),
    ("POST /v1/webhook-endpoints/{receiver}/disable", "webhook.disabled"),
    ("POST /v1/webhook-endpoints/{receiver}/enable", "webhook.enabled"),
    ("POST /v1/webhook-endpoints/{receiver}/rotate", "webhook.rotated", {}),
    ("POST /v1/webhook-endpoints/{endpoint}/deliveries/{message}/replay", "webhook.replayed"),
    ("POST /v1/webhook-endpoints/{endpoint}/replay", "webhook.replayed", LATELY),
    ("POST /v1/webhook-endpoints/{receiver}/disable", "webhook.disabled"),
    ("POST /v1/webhook-endpoints/{receiver}/remove", "webhook.removed"),
    ("POST /v1/runs/{run}/documents?name=pod.txt", "document.added", None, {}, "", b"signed"),
    ("POST /v1/runs/{run}/documents/{document}/remove", "document.removed", {"reason": "x"}),
    ("POST /v1/entities/{entity}/documents?name=pod.txt", "document.added", None, {}, "filed", b"signed"),
    ("POST /v1/evidence-cases", "evidence.opened",
     {"case": "D-7", "about": {"kind": "customer", "key": "C-1"}, "reason": "damage",
      "required": [{"name": "bol", "title": "x"}]}, {}, "claim"),
    ("POST /v1/evidence-cases/{claim}/documents", "evidence.added", {"document": "{filed}", "to": "bol"}),
    ("POST /v1/evidence-cases/{claim}/packs", "evidence.pack-asked", {"key": "first"}),
    ("POST /v1/entities/{entity}/documents/{filed}/remove", "document.removed", {"reason": "x"}),
    ("POST /v1/entities/{entity}/keep", "entity.kept", {"reason": "x"}),
    ("POST /v1/entities/{entity}/let-go", "entity.let-go"),
    ("POST /v1/runs/{run}/suspend", "run.suspended"),
    ("POST /v1/runs/redrive", "", {"preview": True, "filter": {"state": "suspended"}}, {}, "token"),
    ("POST /v1/runs/redrive", "run.resumed", {"token": "{token}"}),
    ("POST /v1/runs/{run}/suspend", "run.suspended"),
    ("POST /v1/runs/{run}/resume", "run.resumed"),
    ("POST /v1/runs/{run}/cancel", "run.cancelled"),
    ("POST /v1/runs/{run}/keep", "run.kept", {"reason": "x"}),
    ("POST /v1/runs/{run}/let-go", "run.let-go"),
)  # fmt: skip
LAST: Final = of(
    "north",
    ("POST /v1/onboarding", "", {"csv": "slug,name\nnuts,Nuts\n", "preview": True}, {}, "token"),
    ("POST /v1/onboarding", "client.created", {"csv": "slug,name\nnuts,Nuts\n", "token": "{token}"}),
    ("POST /v1/clients/acme/live/audit/forget", "audit.veiled", {"subject": "{person}"}),
    ("POST /v1/clients/bolts/suspend", "client.suspended", {"reason": "x"}),
    ("POST /v1/clients/bolts/delete", "", {"preview": True}, {}, "token"),
    ("POST /v1/clients/bolts/delete", "client.deleted", {"token": "{token}", "reason": "x"}),
)
DEEDS: Final = (*OF_PARTNER, *OF_PEOPLE, *OF_DIRECTORY, *IN_TENANT, *ABOVE, *LAST)

ELSEWHERE: Final = {
    "POST /v1/runs/{run}/approvals": ("tests/services/engine/test_guarded.py", "approval.given"),
    "POST /v1/tasks/{task}/act": ("tests/services/portal/test_tasks.py", "task.claimed"),
    "POST /v1/task-mail": ("tests/services/portal/test_task_links.py", "task-mail.chosen"),
    "POST /v1/absences": ("tests/services/portal/test_tasks.py", "absence.set"),
    **dict.fromkeys(
        ("POST /v1/tasks/{task}/complete", "POST /v1/tasks/complete"),
        ("tests/services/portal/test_tasks.py", "task.completed"),
    ),
    "POST /v1/runs/{run}/effects/{effect}/decide": ("tests/services/api/routes/test_effects.py", "effect.decided"),
    "POST /v1/runs/{run}/retry": ("tests/services/api/routes/playbooks/test_races.py", "run.retried"),
    "POST /v1/deployments/{deployment}/roll-back": (
        "tests/services/api/routes/test_revisions.py", "deployment.rolled-back"),
    **{
        f"POST /v1/promotions{act}": ("tests/services/portal/test_promotions.py", f"promotion.{said}")
        for act, said in (
            ("", "proposed"),
            ("/{promotion}/approve", "approved"),
            ("/{promotion}/refuse", "refused"),
            ("/{promotion}/withdraw", "withdrawn"),
        )
    },
    "POST /v1/deployments/{deployment}/migrations": ("tests/services/api/routes/test_migrations.py", "runs.migrated"),
    "POST /v1/entries/{entry}/reconcile": (
        "tests/services/api/routes/playbooks/test_playbooks.py", "entry.reconciled",
    ),
    "POST /v1/connections/{connection}/authorization-link": (
        "tests/services/portal/test_reconnect.py", "connection.link-made",
    ),
    "POST /v1/connections/{connection}/authorization/remove": (
        "tests/services/portal/test_reconnect.py", "connection.authorization-withdrawn",
    ),
    "POST /v1/holds/{hold}/clear": ("tests/services/api/routes/test_holds.py", "hold.cleared"),
    "POST /v1/signals": ("tests/services/engine/test_signals.py", "signal.sent"),
    "POST /v1/oauth/token": ("tests/services/api/routes/test_oauth.py", "token.issued"),
    "POST /hooks/{address}": ("tests/services/api/routes/webhooks/test_repeating.py", "webhook.id-reused"),
}  # fmt: skip
"""Routes for which something has to have happened first; the test that brings it about holds them to their row."""
