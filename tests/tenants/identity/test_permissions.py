from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenants.identity import roles
from tenants.identity.permissions import ALLOWED, BELOW, DEFAULTS, PAYLOADS, Permission, Scope, grantable
from tenants.identity.principal import Principal

SCOPES = st.sampled_from(Scope)
HELD = st.frozensets(st.sampled_from(Permission))


@given(SCOPES, HELD, SCOPES)
def test_S_68_nobody_grants_what_they_lack_but_the_operator_a_partners_first_key(
    maker: Scope, held: frozenset[Permission], target: Scope
) -> None:
    given_away = grantable(maker, held, target)
    assert given_away <= ALLOWED[target]
    if target is not maker and given_away:
        assert Permission.KEYS_ISSUE in held
        assert BELOW[maker] is target
    if not given_away <= held:
        assert (maker, target) == (Scope.OPERATOR, Scope.PARTNER)


@given(HELD)
def test_S_68_who_lets_a_clients_people_in_gives_them_what_they_hold_themselves(held: frozenset[Permission]) -> None:
    for scope in Scope:
        giver = Principal(scope=scope, permissions=held & ALLOWED[scope])
        for level in ("partner", "client"):
            assert roles.grantable(giver, level) <= giver.permissions


@given(SCOPES, st.lists(st.tuples(SCOPES, HELD), max_size=5))
def test_S_68_no_chain_of_keys_leads_up(scope: Scope, chain: list[tuple[Scope, frozenset[Permission]]]) -> None:
    """Whoever makes a key that makes a key: none stands above the first, or holds more than its scope may."""
    order = list(Scope)
    first, held = scope, ALLOWED[scope]
    for target, wanted in chain:
        granted = grantable(scope, held, target) & wanted
        if granted:
            scope, held = target, granted
    assert order.index(scope) >= order.index(first)
    assert held <= ALLOWED[scope]


@given(st.sampled_from([Scope.OPERATOR, Scope.PARTNER]), st.lists(st.tuples(SCOPES, HELD), max_size=5))
def test_S_05_no_chain_of_keys_that_begins_above_a_client_reads_its_payloads(
    scope: Scope, chain: list[tuple[Scope, frozenset[Permission]]]
) -> None:
    """Nor does one send them out by a webhook, which no key above a client may set up either."""
    held = ALLOWED[scope]
    for target, wanted in chain:
        scope, held = target, grantable(scope, held, target) & wanted
        assert not held & (PAYLOADS | {Permission.WEBHOOKS_WRITE})


def test_S_05_no_key_above_the_client_can_ever_read_payloads() -> None:
    assert not PAYLOADS & (ALLOWED[Scope.OPERATOR] | ALLOWED[Scope.PARTNER])


def test_a_default_is_never_more_than_what_is_allowed() -> None:
    for scope in Scope:
        assert DEFAULTS[scope] <= ALLOWED[scope]
