from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import msgspec
import pytest

from infra.encryption.secret import Secret, SecretLeakError, SecretTooShort

CANARY = "canary-7f3a-secret"


def test_S_73_a_secret_is_not_shown_by_any_form_of_text() -> None:
    secret = Secret(CANARY)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        "{}".format(secret),  # noqa: UP032 (the form under test)
        repr([secret]),
        repr({"a": secret}),
    ]
    assert all(CANARY not in text for text in shown)
    assert secret.reveal() == CANARY


def test_S_73_a_secret_is_not_encoded_pickled_or_copied() -> None:
    secret = Secret(CANARY)
    with pytest.raises(TypeError):
        json.dumps({"a": secret})
    with pytest.raises(TypeError):
        msgspec.json.encode({"a": secret})
    with pytest.raises(SecretLeakError):
        pickle.dumps(secret)
    with pytest.raises(SecretLeakError):
        copy.deepcopy({"a": secret})
    with pytest.raises(SecretLeakError):
        bytes(secret)
    with pytest.raises(SecretLeakError):
        list(secret)
    with pytest.raises(TypeError):
        vars(secret)


def test_S_73_a_secret_is_in_no_log_line_and_no_traceback_with_locals(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("using %s and %r", secret, {"secret": secret})
    assert CANARY not in caplog.text
    try:
        int(secret)  # type: ignore[call-overload]
    except TypeError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert "Secret(set)" in text
        assert CANARY not in text


@pytest.mark.parametrize("value", ["", "1234", "admin", "1234567"])
def test_S_74_a_secret_below_eight_characters_is_refused(value: str) -> None:
    with pytest.raises(SecretTooShort):
        Secret(value)


def test_the_end_of_a_secret_is_shown_only_when_the_rest_stays_long() -> None:
    assert Secret("0123456789abcdef").last4 == "cdef"
    assert Secret("01234567").last4 == ""
