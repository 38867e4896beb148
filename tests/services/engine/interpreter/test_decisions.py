from __future__ import annotations

import hashlib
from uuid import UUID

import pytest

from services.engine import decisions
from services.engine.functions import ErrorDetails, Later
from services.engine.waits import Effect

TENANT, RUN = UUID(int=1), UUID(int=2)
ERROR = ErrorDetails(type="https://example.com/e", status=503)


def test_the_key_is_the_hash_of_what_makes_an_effect_unique() -> None:
    expected = hashlib.sha256(f"{TENANT}|{RUN}|/do/0/a|1".encode()).hexdigest()
    assert decisions.idempotency_key(TENANT, RUN, "/do/0/a", 1) == expected
    others = {
        decisions.idempotency_key(RUN, RUN, "/do/0/a", 1),
        decisions.idempotency_key(TENANT, TENANT, "/do/0/a", 1),
        decisions.idempotency_key(TENANT, RUN, "/do/0/b", 1),
        decisions.idempotency_key(TENANT, RUN, "/do/0/a", 2),
    }
    assert len(others | {expected}) == 5


def test_a_repeated_call_keeps_its_key() -> None:
    effect = Effect(function="http", arguments={}, reference="/do/0/a", iteration=1, name="a")
    first = decisions.call_of(effect, tenant=TENANT, run=RUN)
    second = decisions.call_of(effect, tenant=TENANT, run=RUN, attempt=2)
    assert first.key == second.key
    assert second.attempt == 2


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds", "expected"),
    [(1, 0.5, None, 0.25), (3, 1.0, None, 2.0), (50, 1.0, None, 30.0), (1, 0.5, 7.0, 7.0), (9, 0.0, None, 0.0)],
)
def test_the_delay_doubles_with_jitter_over_the_floor(
    attempt: int, chance: float, seconds: float | None, expected: float
) -> None:
    later = Later(reason="busy", ref="host", error=ERROR, seconds=seconds)
    assert decisions.delay(later, attempt, chance) == pytest.approx(expected)


@pytest.mark.parametrize("sent", [True, False])
def test_A19_at_the_end_of_patience_only_a_call_that_went_out_is_metered(sent: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    failed = decisions.out_of_patience(Later(reason="away", ref="host", error=ERROR, sent=sent))
    assert (failed.error, failed.sent) == (ERROR, sent)
