"""What a process remembers beyond one request is kept by whose it is, or is nobody's: each is reviewed (S-17)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.tree import parsed, python_files, relative

MAPPINGS: Final = frozenset({"dict", "OrderedDict", "WeakValueDictionary", "defaultdict"})

TAKING: Final = ("clear", "popitem", "pop")

WHOSE: Final = {
    "tenant": (
        "services/engine/quotas.py Quotas._known", "services/engine/quotas.py Quotas._owners",
        "services/engine/quotas.py Quotas._refused", "services/engine/quotas.py Quotas._started",
        "services/engine/quotas.py Quotas._taken", "services/api/feeds.py Feeds._feeds",
        "services/api/feeds.py Feeds._running", "services/engine/guarded.py Rules._kept",
        "services/engine/expressions/lanes.py Lanes._penalised_until",
        "services/engine/expressions/lanes.py Lanes._queues",
        "services/engine/expressions/pool.py ExpressionPool._guests",
        "services/engine/expressions/pool.py ExpressionPool._rooms",
        "services/events/checks.py EventChecks._known", "services/events/intake.py Intake._flushing",
        "services/events/intake.py Intake._waiting", "infra/egress/client.py Client._pools",
        "infra/egress/guards.py Guards._kept", "tenants/organizations/opened_networks.py OpenedNetworks._known",
    ),
    "tenant and connection": (
        "services/connectors/authorizing/keeper.py Keeper._flights",
        "services/connectors/authorizing/keeper.py Keeper._known",
        "services/connectors/breakers.py SharedBreakers._known",
        "services/connectors/builtin/tryton/session.py Sessions._kept",
        "services/connectors/builtin/tryton/session.py Sessions._locks",
        "services/connectors/declared/credentials/fetched.py Fetching._flights",
        "services/connectors/declared/credentials/fetched.py Fetching._kept",
        "services/connectors/good_calls.py GoodCalls._noted",
        "services/connectors/limits.py SharedLimits._kept", "services/connectors/writes.py ConnectorWrites._kinds",
        "tenants/connections/opening.py OpenConnections._kept",
        "tenants/connections/opening.py OpenConnections._looking",
        "tenants/connections/secret_uses.py SecretUses._noted",
    ),
    "tenant, and what is sealed or kept for it": (
        "services/documents/keys.py DocumentKeys._kept", "services/inbound/sealing.py Safe._kept",
        "infra/encryption/tenant_key.py Keyring._asking", "infra/encryption/tenant_key.py Keyring._kept",
        "services/engine/definitions.py Definitions._revisions", "services/events/checks.py EventChecks._compiled",
        "services/records/intake.py Intake._mappings",
        "services/protocols/asyncapi/held.py Held._open", "services/protocols/asyncapi/held.py Held._timers",
        "tenants/calendars/calendar.py Calendar._spans",
    ),
    "tenant, address and credentials": (
        "services/protocols/authentication/tokens.py Tokens._flights",
        "services/protocols/authentication/tokens.py Tokens._kept",
        "services/protocols/authentication/tokens.py Tokens._places",
        "services/protocols/authentication/tokens.py Tokens._renewals",
        "services/protocols/resources/fetching.py Resources._flights",
        "services/protocols/resources/fetching.py Resources._kept",
    ),
    "partner, client and environment": ("services/api/access.py TenantDirectory._known",),
    "scope and host": ("services/api/strangers.py Strangers._counts",),
    "partner and host": (
        "services/portal/brands.py Brands._known", "tenants/identity/openid/discovery.py Discovery._kept",
        "tenants/identity/sessions.py Sessions._known",
    ),
    "an id or an address of random bits, which is one tenant's": (
        "services/api/following.py Followers._waiting", "services/inbound/directory.py Hooks._known",
        "services/worker/claim_loop.py ClaimLoop._held", "tenants/audit/alarms.py _told",
        "tenants/identity/keyring.py Keyring._known", "tenants/identity/uses.py Uses._noted",
        "services/connectors/choosing.py Choosing._refused",
        "tenants/audit/publishing.py Publisher._known",
    ),
    "who asked, and where": ("services/api/denials.py Denials._seen", "services/api/rates.py Rate._whole_at"),
}  # fmt: skip
"""What the key begins with, of memories that hold something of somebody's."""

NOBODYS: Final = {
    "made of its text alone, which whoever asks has": (
        "services/api/graphs.py Graphs._drawn", "services/api/masking.py _is_party",
        "services/api/masking.py _is_sensitive", "services/connectors/sdk/context.py _destination",
        "services/engine/arguments.py _text", "services/engine/definitions.py Definitions._compiled",
        "services/engine/expressions/quick.py compiled", "services/engine/expressions/trivial.py _compiled",
        "services/engine/sealing.py _mentioned", "infra/egress/addresses.py read",
        "services/human_tasks/forms.py compiled",
        "infra/egress/identity.py Identities._kept",
        "infra/egress/target.py _origin", "infra/egress/target.py canonical_origin", "infra/ids.py show",
        "tenants/deployments/triggers.py _decoded", "tenants/organizations/colours.py colours",
    ),
    "of the product": (
        "services/api/app.py _asyncapi", "services/api/app.py _document", "services/api/deprecations.py DEPRECATED",
        "services/api/routes/documentation.py _read", "services/connectors/capabilities/contracts.py contracts",
        "services/connectors/builtin/__init__.py _that_ship",
        "services/connectors/certification.py results", "services/connectors/shared_code.py _read",
        "services/connectors/declared/installed.py documents",
        "services/connectors/declared/library.py documents",
        "services/connectors/registry.py Registry._connectors",
        "services/connectors/registry.py Registry._operations", "services/engine/calls.py _is_cautious",
        "services/events/catalogue/registry.py _told", "services/events/catalogue/registry.py released_schemas",
        "services/events/catalogue/registry.py types", "services/events/checks.py _released",
        "tenants/organizations/domain_names.py _suffixes",
    ),
    "of the installation": (
        "services/api/edge.py Edge._judged", "infra/crash_points.py _armed", "infra/crash_points.py _passed",
        "infra/egress/dial.py _context", "infra/egress/guard.py Guard._known",
        "infra/encryption/key_provider.py FileKeyProvider._halves", "infra/telemetry/metrics.py Histogram._series",
        "infra/telemetry/metrics.py _Numbers._numbers", "tenants/calendars/zones.py rules_of",
    ),
    "as long as one request, run, message, file or connection": (
        "services/api/feed.py TenantFeed._known", "services/api/feed.py Watcher._waiting",
        "services/engine/flights.py Flights._flying", "services/engine/flights.py Flights._ready",
        "services/engine/memory_rests.py Rests._held",
        "infra/under_way.py UnderWay._tasks",
    ),
}  # fmt: skip
"""Memories that hold nothing of anybody's, or not beyond what they are for; the reason is the key."""


def memories(*, all_of_them: bool) -> Iterator[str]:
    """File and name of each. Without `all_of_them` only what must be reviewed: see `_outlives`."""
    for file in python_files("services", "infra", "tenants"):
        if not relative(file).startswith("services/cli/"):
            yield from (f"{relative(file)} {name}" for name, lives in _within(file) if lives or all_of_them)


def _within(file: Path) -> Iterator[tuple[str, bool]]:
    tree = parsed(file)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{name}", _outlives(node, name)) for name in _of_class(node))
        elif isinstance(node, ast.FunctionDef) and any(_is_cache(one) for one in node.decorator_list):
            yield node.name, True
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict) and not node.value.keys:
            yield ast.unparse(node.target), True


def _of_class(node: ast.ClassDef) -> Iterator[str]:
    for made in node.body:
        if isinstance(made, ast.FunctionDef) and made.name == "__init__":
            for one in ast.walk(made):
                if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Attribute) and _is_mapping(one):
                    yield one.target.attr


def _outlives(node: ast.ClassDef, name: str) -> bool:
    """It takes out of it again: what lives longer than one request does that, or grows for ever."""
    whole = ast.unparse(node)
    return f"del self.{name}[" in whole or any(f"self.{name}.{taking}(" in whole for taking in TAKING)


def _is_mapping(node: ast.AnnAssign) -> bool:
    return ast.unparse(node.annotation).partition("[")[0] in MAPPINGS


def _is_cache(decorator: ast.expr) -> bool:
    said = ast.unparse(decorator).partition("(")[0].rpartition(".")[2]
    return said in {"cache", "lru_cache"}


def test_S_17_every_memory_of_a_process_is_kept_by_whose_it_is_or_is_nobodys() -> None:
    reviewed = [name for group in (WHOSE, NOBODYS) for names in group.values() for name in names]
    assert len(set(reviewed)) == len(reviewed)
    found = sorted(set(memories(all_of_them=False)) - set(reviewed))
    assert found == [], "say by what it is kept, or why it is nobody's"
    gone = sorted(set(reviewed) - set(memories(all_of_them=True)))
    assert gone == [], "it is no longer there"
