"""A notice as its customer reads it: the partner's alone, with the way out that readers of mail know."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from infra.mail.message import Letter
from tenants.mail import customer_letters
from tenants.mail.customer_letters import KIND, WORDS
from tenants.mail.letters import LinkWithoutHost
from tests.tenants.mail.test_letters import HOST, part, row

TOKEN = "t" * 43
SAID = {
    "subject": "Order {{ values.order }} of {{ brand }}",
    "text": "Hello {{ recipient }},\n\nit comes on {{ promise.now }}.\nTrack it: {{ values.link }}",
    "told": {"values.order": "SO-1", "promise.now": "2026-03-06", "values.link": "https://track.example/1"},
    "links": ["link"],
}


def letter(said: dict[str, Any] | None = None, **changes: Any) -> Letter:
    found = replace(row(facts=SAID if said is None else said), kind=KIND, **changes)
    return customer_letters.letter(found, "notices@north.example", TOKEN)


def test_a_notice_is_the_partners_with_the_link_that_ends_further_ones() -> None:
    made: Any = message_from_bytes(letter().content(), policy=default)
    out = f"https://{HOST}/portal/notices/{TOKEN}"
    assert made["Subject"] == "Order SO-1 of North Portal"
    assert made["From"] == "North Portal <notices@north.example>"
    assert made["List-Unsubscribe"] == f"<{out}>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = part(made, "plain").replace("\r\n", "\n"), part(made, "html")
    assert plain.startswith("Hello Nina,\n\nit comes on 2026-03-06.\nTrack it: https://track.example/1\n\n-- \n")
    assert f"No more such messages: {out}" in plain
    assert "help@north.example" in plain
    assert re.findall('href="([^"]+)"', html) == ["https://track.example/1", out]
    assert "border-top:4px solid #0b7285" in html
    assert not re.search("waybill", made.as_string(), re.IGNORECASE)
    assert b"\r\nList-Unsubscribe" in b"\r\n" + letter().content()
    head = letter().content().partition(b"\r\n\r\n")[0].decode()
    assert f"List-Unsubscribe: <{out}>\r\n" in head, "on one line, and no encoded word"


@pytest.mark.parametrize("language", [*WORDS, "pt"])
def test_what_stands_below_is_in_the_language_of_the_text_or_in_english(language: str) -> None:
    made = letter(language=language)
    words = WORDS.get(language, WORDS["en"])
    assert words.stop in made.text
    assert words.stop.replace("'", "&#x27;") in made.html
    assert made.language == language
    assert "{{" not in made.text + made.html + made.subject


def test_S_102_no_value_adds_a_header_markup_or_a_template_to_a_notice() -> None:
    told = {"values.order": "1\r\nBcc: x@evil.example", "values.link": "{{support}}<script>", "promise.now": "%s {}"}
    found = letter({**SAID, "told": told}, name="{{link}} {x} %s")
    made: Any = message_from_bytes(found.content(), policy=default)
    assert (made["Bcc"], made["Cc"]) == (None, None)
    with pytest.raises(ValueError, match="CR or LF"):
        letter(recipient_name="Nina\r\nCc: y@evil.example").content()
    assert made["Subject"] == "Order 1 Bcc: x@evil·example of {{link}} {x} %s"
    assert "{{support}}<script>" in part(made, "plain")
    assert "<script>" not in part(made, "html")
    assert "{{support}}&lt;script&gt;" in part(made, "html")
    assert "{{link}} {x} %s" in part(made, "html")


def test_S_69_a_notice_without_a_host_of_the_partners_is_not_sent() -> None:
    with pytest.raises(LinkWithoutHost):
        letter(hosts=[])
    with pytest.raises(msgspec.ValidationError):
        letter({"subject": 1})
