"""S-72: whatever form a secret comes back in, it is masked; S-73: what masks it shows nothing itself."""

from __future__ import annotations

import base64
import contextvars
import html
import json
import logging
import pickle
import re
from io import StringIO
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest

from infra import logs, redaction
from infra.encryption.secret import Secret, SecretLeakError
from infra.redaction import MASK, Hider

VALUE = "canary/7f3a+b=\"x y'é&z"
RAW = VALUE.encode()
FORMS: dict[str, str] = {
    "plain": VALUE,
    "url": quote(VALUE, safe=""),
    "url with slashes": quote(VALUE),
    "url, lower case": re.sub("%..", lambda one: one[0].lower(), quote(VALUE, safe="")),
    "form": quote_plus(VALUE),
    "json": json.dumps(VALUE),
    "json, not ascii": json.dumps(VALUE, ensure_ascii=False),
    "json by msgspec": msgspec.json.encode({"a": VALUE}).decode(),
    "json of json": json.dumps(json.dumps({"a": VALUE}))[1:-1],
    "json with slashes": json.dumps(VALUE).replace("/", "\\/"),
    "markup": html.escape(VALUE),
    "markup text": html.escape(VALUE, quote=False),
    "xml": html.escape(VALUE).replace("&#x27;", "&apos;"),
    "python": repr(VALUE),
    "base64": base64.b64encode(RAW).decode(),
    "base64 for urls": base64.urlsafe_b64encode(RAW).decode().rstrip("="),
    "base64 in a url": quote(base64.b64encode(RAW).decode(), safe=""),
    "hex": RAW.hex(),
    "HEX": RAW.hex().upper(),
    **{f"basic {user}": base64.b64encode(f"{user}:{VALUE}".encode()).decode() for user in ("u", "us", "use", "user")},
    "basic and more": base64.b64encode(f"u:{VALUE}:and more".encode()).decode(),
    "multipart": f'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n{VALUE}\r\n--b--',
}


@pytest.mark.parametrize("form", FORMS)
def test_S_72_a_secret_is_masked_in_every_form(form: str) -> None:
    text = f"You sent {FORMS[form]} to us"
    seen = Hider([Secret(VALUE)]).text(text)
    assert MASK in seen
    for size in range(len(RAW) - 6):
        # Nothing of it is left that is longer than the shortest secret.
        assert VALUE[size : size + 8] not in seen
        assert base64.b64encode(RAW[size : size + 9]).decode()[1:-1] not in seen
        assert RAW[size : size + 8].hex() not in seen.lower()


def test_S_72_names_and_values_at_any_depth_are_masked_and_the_rest_is_untouched() -> None:
    hider = Hider([Secret(VALUE)])
    clean: Any = {"a": [1, None, True, {"b": "x"}]}
    assert hider.value(clean) is clean
    seen = hider.value({"a": [{VALUE: [f"<{VALUE}>"]}], "n": 12345678901234567890})
    assert seen == {"a": [{MASK: [f"<{MASK}>"]}], "n": 12345678901234567890}


def test_S_72_of_two_secrets_the_longer_one_leaves_no_rest() -> None:
    assert Hider([Secret("abcdefgh"), Secret("abcdefgh-and-more")]).text("x abcdefgh-and-more y") == f"x {MASK} y"


def test_S_73_what_hides_secrets_shows_none() -> None:
    hider = Hider([Secret(VALUE)])
    assert "canary" not in repr(hider) + str(hider)
    with pytest.raises(SecretLeakError):
        pickle.dumps(hider)
    with pytest.raises(TypeError):
        msgspec.json.encode(hider)


def test_S_73_a_log_line_and_its_traceback_are_without_what_the_task_holds() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    log = logging.getLogger("tests.redaction")
    log.propagate = False
    log.addHandler(handler)

    def work() -> None:
        redaction.hold([Secret("Bearer " + VALUE)])
        try:
            int(f"no number: {VALUE}")
        except ValueError:
            log.exception("failed at %s", quote(VALUE, safe=""), extra={"url": f"https://x/?k={VALUE}"})

    contextvars.copy_context().run(work)
    log.removeHandler(handler)
    line = stream.getvalue()
    assert "canary" not in line
    assert json.loads(line)["message"] == f"failed at {MASK}"


def test_S_72_a_token_that_was_got_on_the_way_is_masked_as_well() -> None:
    def work() -> str:
        redaction.hold([Secret("Bearer got-on-the-way")])
        return redaction.here(Hider([Secret(VALUE)])).text(f"got-on-the-way {VALUE}")

    assert contextvars.copy_context().run(work) == f"{MASK} {MASK}"
    assert redaction.here().text("got-on-the-way") == "got-on-the-way", "another task holds it"
