from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenants.identity.permissions import ALLOWED, BELOW, DEFAULTS, PAYLOADS, Permission, Scope, grantable

SCOPES = st.sampled_from(Scope)
HELD = st.frozensets(st.sampled_from(Permission))


@given(SCOPES, HELD, SCOPES)
def test_S_68_nobody_grants_what_they_lack_but_by_issuing_one_level_down(
    maker: Scope, held: frozenset[Permission], target: Scope
) -> None:
    given_away = grantable(maker, held, target)
    assert given_away <= ALLOWED[target]
    if not given_away <= held:
        assert Permission.KEYS_ISSUE in held
        assert BELOW[maker] is target


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


def test_S_05_no_key_above_the_client_can_ever_read_payloads() -> None:
    assert not PAYLOADS & (ALLOWED[Scope.OPERATOR] | ALLOWED[Scope.PARTNER])


def test_a_default_is_never_more_than_what_is_allowed() -> None:
    for scope in Scope:
        assert DEFAULTS[scope] <= ALLOWED[scope]
