"""S-40, S-42, S-43: whether a request is from whom it says, in each style that is in use."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from services.inbound import verification
from services.inbound.verification import MOST_SIGNATURES, Verification, faults, is_verified, key_of, weaknesses
from tests.services.api.senders import standard

NOW = 1_700_000_000.0
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
KEY = bytes(range(32))
BODY = b'{"a": 1}'
STANDARD = Verification(style="standard-webhooks")
GITHUB = Verification(style="hmac-sha256", header="X-Hub-Signature-256", prefix="sha256=")
SHOPIFY = Verification(style="hmac-sha256", header="X-Shopify-Hmac-SHA256", encoding="base64")
STRIPE = Verification(
    style="hmac-sha256",
    header="Stripe-Signature",
    signed="{timestamp}.{body}",
    timestamp_field="t",
    signature_field="v1",
)
SLACK = Verification(
    style="hmac-sha256",
    header="X-Slack-Signature",
    prefix="v0=",
    signed="v0:{timestamp}:{body}",
    timestamp_header="X-Slack-Request-Timestamp",
)
TOKEN = Verification(style="token", header="Authorization", prefix="Bearer ")
TEXT = "a-secret-of-the-sender"


def hexed(message: bytes, key: str = TEXT) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def judged(given: Verification, headers: dict[str, str], body: bytes = BODY, keys: list[bytes] | None = None) -> bool:
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    own = [KEY if given is STANDARD else TEXT.encode()]
    return is_verified(given, own if keys is None else keys, pairs, body, NOW)


def signed(given: Verification, body: bytes = BODY, stamp: str = "1700000000") -> dict[str, str]:
    """As each sender does it, by its own documentation."""
    if given is STANDARD:
        return standard(SECRET, "msg_1", body, stamp)
    if given is GITHUB:
        return {"X-Hub-Signature-256": f"sha256={hexed(body)}"}
    if given is SHOPIFY:
        digest = hmac.new(TEXT.encode(), body, hashlib.sha256).digest()
        return {"X-Shopify-Hmac-SHA256": base64.b64encode(digest).decode()}
    if given is STRIPE:
        return {"Stripe-Signature": f"t={stamp},v0=ignored,v1={hexed(stamp.encode('latin-1') + b'.' + body)}"}
    if given is SLACK:
        message = f"v0:{stamp}:".encode("latin-1") + body
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={hexed(message)}"}
    return {"Authorization": f"Bearer {TEXT}"}


ALL = {
    "standard": STANDARD,
    "github": GITHUB,
    "shopify": SHOPIFY,
    "stripe": STRIPE,
    "slack": SLACK,
    "token": TOKEN,
}
TIMED = {name: one for name, one in ALL.items() if one.has_time}
SIGNING = {name: one for name, one in ALL.items() if one is not TOKEN}


@pytest.mark.parametrize("style", ALL)
def test_each_style_in_use_is_verified_and_is_declared_without_a_fault(style: str) -> None:
    assert list(faults(ALL[style])) == []
    assert judged(ALL[style], signed(ALL[style]))
    assert not judged(ALL[style], signed(ALL[style]), keys=[b"another key that is long enough....."])


def test_the_specifications_own_example_is_verified() -> None:
    """From the reference libraries of Standard Webhooks; Stripe's and GitHub's documentation have theirs below."""
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    key = key_of(STANDARD, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert is_verified(STANDARD, [key], pairs, body, 1_614_265_330.0)
    github = {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    assert judged(GITHUB, github, b"Hello, World!", [b"It's a Secret to Everybody"])


@pytest.mark.parametrize("style", SIGNING)
def test_S_42_a_changed_body_is_not_verified(style: str) -> None:
    headers = signed(ALL[style])
    for other in (BODY[:-1] + b"\x00", b'{"a":1}', b"\xef\xbb\xbf" + BODY, BODY + b"\r\n", b"", BODY[:-1], BODY * 2):
        assert not judged(ALL[style], headers, other), other


def wide(digit: str) -> str:
    return chr(0xFF10 + int(digit)).encode().decode("latin-1")


STAMPS = {
    "301 s ago": "1699999699",
    "in 301 s": "1700000301",
    "zero": "0",
    "negative": "-1",
    "1e20": "1e20",
    "a huge one": "100000000000000000000",
    "a fraction": "1700000000.0",
    "full width": "".join(map(wide, "1700000000")),
    "one of them": "170000000" + wide("0"),
    "signed": "+1700000000",
    "spaces": "1700 000000",
    "underscores": "1_700_000_000",
    "none": "",
    "milliseconds": "1700000000000",
}


@pytest.mark.parametrize("style", TIMED)
@pytest.mark.parametrize("stamp", STAMPS)
def test_S_43_a_time_that_is_not_now_is_not_verified(style: str, stamp: str) -> None:
    """Signed rightly all the same."""
    headers = {name: value for name, value in signed(ALL[style], stamp=STAMPS[stamp]).items() if value}
    assert not judged(ALL[style], headers)


@pytest.mark.parametrize("style", TIMED)
def test_S_43_five_minutes_are_tolerated_both_ways(style: str) -> None:
    for stamp in ("1699999700", "1700000300"):
        assert judged(ALL[style], signed(ALL[style], stamp=stamp))


def test_S_43_a_time_that_is_missing_or_comes_twice_is_not_verified() -> None:
    for given, name in ((STANDARD, "webhook-timestamp"), (SLACK, "X-Slack-Request-Timestamp")):
        headers = signed(given)
        key = [KEY if given is STANDARD else TEXT.encode()]
        pairs = [(one.lower().encode(), value.encode()) for one, value in headers.items()]
        assert is_verified(given, key, pairs, BODY, NOW)
        twice = [*pairs, (name.lower().encode(), headers[name].encode())]
        assert not is_verified(given, key, twice, BODY, NOW)
        assert not judged(given, {one: value for one, value in headers.items() if one != name})
    told = signed(STRIPE)["Stripe-Signature"]
    assert not judged(STRIPE, {"Stripe-Signature": told.partition(",")[2]})
    assert not judged(STRIPE, {"Stripe-Signature": f"t=1700000000,{told}"})


def spoilt(right: str, style: str) -> dict[str, str]:
    """Signatures that are not right: what is wrong, and the header's value."""
    prefix, _, digits = right.rpartition("=" if style in {"github", "slack"} else ",")
    wrong = {
        "none": "",
        "truncated": right[:-2],
        "longer": right + "0",
        "other case": right.swapcase(),
        "a word": "signature",
        "no text": "\xff\xfe",
        "a list": "[]",
    }
    if style == "standard":
        wrong |= {"version 0": right.replace("v1,", "v0,"), "version 1a": right.replace("v1,", "v1a,")}
        wrong |= {"no version": right[3:], "other separator": right.replace(",", "=")}
    if style in {"github", "slack"}:
        wrong |= {
            "no prefix": digits,
            "other prefix": f"sha1={digits}",
            "prefix in other case": f"{prefix.upper()}={digits}",
        }
    if style == "stripe":
        wrong |= {"version 0": right.replace("v1=", "v0="), "upper case": right.upper()}
    return wrong


@pytest.mark.parametrize("style", ALL)
def test_S_40_a_signature_that_is_not_right_is_not_verified(style: str) -> None:
    given = ALL[style]
    name = "webhook-signature" if given is STANDARD else given.header
    headers = signed(given)
    assert judged(given, headers)
    for what, value in spoilt(headers[name], style).items():
        assert not judged(given, {**headers, name: value}), what
    assert not judged(given, {one: value for one, value in headers.items() if one != name}), "missing"
    pairs = [(one.lower().encode(), value.encode()) for one, value in headers.items()]
    twice = [*pairs, (name.lower().encode(), headers[name].encode())]
    assert not is_verified(given, [KEY if given is STANDARD else TEXT.encode()], twice, BODY, NOW), "two headers"


def test_S_40_ten_signatures_are_looked_at_and_no_more() -> None:
    right = signed(STANDARD)["webhook-signature"]
    wrong = "v1," + base64.b64encode(bytes(32)).decode()

    def with_right_at(place: int, many: int) -> dict[str, str]:
        entries = [wrong] * many
        entries[place] = right
        return {**signed(STANDARD), "webhook-signature": " ".join(entries)}

    assert judged(STANDARD, with_right_at(0, 1_000))
    assert judged(STANDARD, with_right_at(MOST_SIGNATURES - 1, 1_000))
    assert not judged(STANDARD, with_right_at(MOST_SIGNATURES, 1_000))
    stamp, _, rest = signed(STRIPE)["Stripe-Signature"].partition(",")
    good = rest.rpartition(",")[2]
    for before, is_right in ((0, True), (MOST_SIGNATURES - 1, True), (MOST_SIGNATURES, False), (999, False)):
        value = ",".join([stamp, *[f"v1={'0' * 64}"] * before, good])
        assert judged(STRIPE, {"Stripe-Signature": value}) is is_right, before


def test_S_40_every_comparison_is_made_and_each_by_the_one_that_takes_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    class Hmac:
        """The module, with what is compared written down."""

        digest = staticmethod(hmac.digest)

        @staticmethod
        def compare_digest(one: bytes, other: bytes) -> bool:
            compared.append((one, other))
            return hmac.compare_digest(one, other)

    monkeypatch.setattr(verification, "hmac", Hmac)
    right = signed(STANDARD)["webhook-signature"]
    headers = {**signed(STANDARD), "webhook-signature": f"{right} {right} v1,x"}
    assert judged(STANDARD, headers, keys=[KEY, b"x" * 32])
    assert len(compared) == 6, "three signatures by two secrets: a right one ends nothing sooner"
    compared.clear()
    assert not judged(TOKEN, {"Authorization": "Bearer guess"}, keys=[b"one", b"two"])
    assert len(compared) == 2


def test_S_49_while_two_secrets_are_good_either_may_sign() -> None:
    both = [KEY, b"n" * 32]
    assert judged(STANDARD, signed(STANDARD), keys=both)
    assert judged(STANDARD, signed(STANDARD), keys=both[::-1])
    assert not judged(STANDARD, signed(STANDARD), keys=both[1:])


FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"style": "standard-webhooks", "header": "X-Signature"}, "/header"),
    ({"style": "token"}, "/header"),
    ({"style": "token", "header": "Cookie"}, "/header"),
    ({"style": "token", "header": "Host"}, "/header"),
    ({"style": "token", "header": "two words"}, "/header"),
    ({"style": "token", "header": "X-Token", "signed": "{timestamp}{body}"}, "/signed"),
    ({"style": "hmac-sha256", "header": "X-S", "signed": "{timestamp}"}, "/signed"),
    ({"style": "hmac-sha256", "header": "X-S", "signed": "{body}{body}"}, "/signed"),
    ({"style": "hmac-sha256", "header": "X-S", "signed": "{timestamp}{body}"}, "/signed"),
    ({"style": "hmac-sha256", "header": "X-S", "timestamp_header": "X-T"}, "/signed"),
    ({"style": "hmac-sha256", "header": "X-S", "timestamp_field": "t"}, "/signature_field"),
    ({"style": "hmac-sha256", "header": "X-S", "timestamp_field": "t=", "signature_field": "v"}, "/timestamp_field"),
    ({"style": "hmac-sha256", "header": "X-S", "timestamp_field": "t", "signature_field": "t"}, "/signature_field"),
    ({"style": "hmac-sha256", "header": "X-S", "prefix": "\n"}, "/prefix"),
]


@pytest.mark.parametrize(("given", "pointer"), FAULTY, ids=[f"{one['style']} {at}" for one, at in FAULTY])
def test_what_does_not_go_together_is_named(given: dict[str, Any], pointer: str) -> None:
    assert pointer in [at for at, _ in faults(Verification(**given))]


def test_what_a_style_cannot_prevent_is_said() -> None:
    told = {name: weaknesses(given) for name, given in ALL.items()}
    assert told == {
        "standard": [],
        "github": ["no-timestamp"],
        "shopify": ["no-timestamp"],
        "stripe": [],
        "slack": [],
        "token": ["static-token"],
    }


@pytest.mark.parametrize("text", ["whsec_%%%", "whsec_" + base64.b64encode(b"x" * 23).decode(), "plain words"])
def test_a_secret_of_standard_webhooks_is_base64_of_24_to_64_bytes(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        key_of(STANDARD, text)
