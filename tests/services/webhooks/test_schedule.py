"""When a message is tried again (A18), and what a receiver may ask for (S-48). Signatures by the standard's example."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from infra.encryption.secret import Secret
from services.webhooks import schedule, signing

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def test_A18_ten_tries_take_75_hours_and_each_pause_varies_by_a_fifth() -> None:
    assert schedule.TRIES == 10
    assert 75 * 3600 <= sum(schedule.DELAYS) <= 76 * 3600
    for tries, planned in enumerate(schedule.DELAYS, 1):
        drawn = [schedule.delay(tries, None) or 0.0 for _ in range(200)]
        assert planned * 0.8 <= min(drawn) < max(drawn) <= planned * 1.2
        assert max(drawn) - min(drawn) > planned * 0.2, "tries of one failure come back at different times"
    assert schedule.delay(10, None) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("999999999", 86_400.0),
        ("9" * 30, 86_400.0),
        ("-1", 1.0),
        ("0", 1.0),
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("Sat, 31 Jan 2026 09:40:00 GMT", 600.0),
        ("Sat, 31 Jan 2026 09:00:00 GMT", 1.0),
        ("Sun, 31 Jan 2027 09:30:00 GMT", 86_400.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("1e9", None),
        ("١٢٠", None),
        ("Sat, 99 Jan 2026 09:00:00 GMT", None),
        (None, None),
    ],
)
def test_S_48_what_a_receiver_asks_for_is_between_a_second_and_a_day(text: str | None, seconds: float | None) -> None:
    assert schedule.retry_after(text, NOW) == seconds


def test_S_48_no_answer_makes_a_try_come_earlier() -> None:
    assert (schedule.delay(2, 1.0) or 0) >= 240
    assert schedule.delay(1, 600.0) == 600.0
    assert timedelta(seconds=schedule.delay(1, 86_400.0) or 0) == timedelta(days=1)


def test_S_49_secrets_are_256_random_bits_in_the_standards_form() -> None:
    made = {signing.new_secret().reveal() for _ in range(100)}
    assert len(made) == 100
    for text in made:
        assert text.startswith("whsec_")
        assert len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) == 32


def test_A18_the_signature_is_the_one_of_the_standards_own_libraries() -> None:
    """The example that the reference implementations test themselves with."""
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signing.signature([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    other = signing.new_secret()
    both = signing.signature([other, secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert both.split(" ")[1] == made
