"""What a workflow may say in a notice, and what a value can do to it: nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from template_library import notice_texts, notices
from template_library.dsl import parse

SUBJECT, TEXT = "Order {{ values.order }}", "Hello {{recipient}},\n\nit is {{ values.place }}."
MAIL = {"subject": {"en": SUBJECT}, "text": {"en": TEXT}}
CALL = {"notice": {"name": "shipped", **MAIL}, "to": {"email": "buyer@example.com", "phone": "5"}}
TRACKING = "https://track.example/a?b=1&c=2"


def in_text(template: str, told: dict[str, str], *links: str) -> str:
    return notice_texts.in_text(template, told, frozenset(links))


@pytest.mark.parametrize(
    ("value", "reads"),
    [
        ("SO-1\r\nBcc: x@y.z", "SO-1 Bcc: x@y.z"),
        ("{{ brand }} {{values.b}}", "{{ brand }} {{values.b}}"),
        ("see http://evil.example/x", "see http: evil·example/x"),
        ("www.evil.example", "www·evil·example"),
        ("write to a@evil.example", "write to a@evil·example"),
        ("javascript:alert(1) and 12.50 or 1.2.3", "javascript:alert(1) and 12.50 or 1.2.3"),
        ("a\u202ecod.exe\x00", "acod·exe"),
        ("x" * 2_000, "x" * 1_000),
    ],
)
def test_S_102_a_value_is_on_one_line_is_no_template_and_is_no_link(value: str, reads: str) -> None:
    assert in_text("{{ values.a }}", {"values.a": value, "brand": "B", "values.b": "b"}) == reads


def test_S_102_a_value_is_escaped_in_html_and_a_declared_link_is_one() -> None:
    told = {"values.a": "<img src=x onerror='alert(1)'>", "values.link": TRACKING, "brand": "A & B"}
    text = "{{brand}} <b>\nsays {{ values.a }}\n\n{{ values.link }}"
    escaped = "&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt;"
    shown = TRACKING.replace("&", "&amp;")
    assert notice_texts.in_html(text, told, frozenset({"link"})) == [
        f"A &amp; B &lt;b&gt;<br>says {escaped}",
        f'<a href="{shown}">{shown}</a>',
    ]
    assert "<a " not in "".join(notice_texts.in_html(text, told))
    assert in_text("{{values.link}}", told, "link") == TRACKING
    assert in_text("{{values.link}}", told) == "https: track·example/a?b=1&c=2"


@pytest.mark.parametrize(
    "link",
    [
        *("http://track.example", "javascript:alert(1)", "https://shop.example@evil.example/", "https://"),
        *('https://a.example/"onclick=x', "https://a.example/ https://evil.example", "https://[", "https://é.example"),
        "https://a.example/" + "x" * 500,
    ],
)
def test_S_102_what_only_looks_like_a_declared_link_is_none(link: str) -> None:
    html = "".join(notice_texts.in_html("{{ values.link }}", {"values.link": link}, frozenset({"link"})))
    assert "<a " not in html


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        ({}, "each by language"),
        ({"subject": {}, "text": {}}, "same languages"),
        ({"subject": {"en": "x"}, "text": {"de": "x"}}, "same languages"),
        ({"subject": {"english": "x"}, "text": {"english": "x"}}, "each by language"),
        ({"subject": {"en": ""}, "text": {"en": "x"}}, "each by language"),
        ({"subject": {"en": "{{ 7*7 }}"}, "text": {"en": "x"}}, "a place is written"),
        ({"subject": {"en": "{{ values }}"}, "text": {"en": "x"}}, "nothing called `values`"),
        ({"subject": {"en": "a\nBcc: b"}, "text": {"en": "x"}}, "one line"),
        ({"subject": {"en": "x"}, "text": {"en": "{{ secret }}"}}, "nothing called `secret`"),
        ({**MAIL, "links": ["other"]}, "no text has a place for"),
        ({**MAIL, "links": "order"}, "each by language"),
    ],
)
def test_a_text_that_could_not_be_sent_is_refused_with_words(mail: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        notice_texts.read(mail)


def test_the_language_is_the_recipient_s_else_the_partner_s_else_english_else_what_there_is() -> None:
    def known(*languages: str) -> notice_texts.Texts:
        return notice_texts.read({"subject": dict.fromkeys(languages, SUBJECT), "text": dict.fromkeys(languages, TEXT)})

    three = known("de", "en", "es")
    assert [three.language(*wanted) for wanted in (("es-MX", "de"), ("fr", "de"), (None, "nl"), ("DE",))] == [
        *("es", "de", "en", "de")
    ]
    assert known("nl").language("es", "en") == "nl"
    assert [known("pt", "pt-BR").language(wanted) for wanted in ("pt-BR", "pt", "pt-PT")] == ["pt-BR", "pt", "pt"]
    assert notice_texts.values_of(three) == {"order", "place"}


def test_a_call_is_read_with_what_its_places_stand_for() -> None:
    asked, _ = notices.read(
        {
            **CALL,
            "milestone": "shipped",
            "about": {"kind": "sales-order", "key": "SO-1"},
            "values": {"order": "SO-1", "boxes": 2, "whole": True, "left": None, "items": ["A-1", 2.5]},
            "promise": {"was": "2026-03-04", "now": "2026-03-06T10:00:00+01:00"},
            "quiet": None,
        }
    )
    assert asked.told == {
        "values.order": "SO-1",
        "values.boxes": "2",
        "values.whole": "true",
        "values.left": "",
        "values.items": "A-1, 2.5",
        "about.key": "SO-1",
        "promise.was": "2026-03-04",
        "promise.now": "2026-03-06T10:00:00+01:00",
    }
    assert asked.is_wanted
    assert not notices.read({**CALL, "milestone": "shipped", "milestones": ["delivered"]})[0].is_wanted


@pytest.mark.parametrize(
    "more",
    [
        {"promise": {"was": "soon", "now": "2026-03-06"}},
        {"promise": {"was": "9999-12-31", "now": "2026-03-06"}},
        {"promise": {"was": "2026-03-06T10:00:00", "now": "2026-03-06"}},
        {"values": {"a": {"b": 1}}},
        {"values": {f"v{number}": 1 for number in range(101)}},
        {"to": {"email": 5}},
        {"notice": "named-alone"},
        {"about": {"kind": "sales-order", "key": "\x00"}},
        {"other": 1},
    ],
)
def test_a_call_that_says_it_wrong_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the words are msgspec's)
        notices.read({**CALL, **more})


def test_a_promised_day_is_broken_at_its_end_where_it_was_promised() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert notices.breaks_at("2026-03-04", berlin) == datetime(2026, 3, 4, 23, tzinfo=UTC)
    assert notices.breaks_at("2026-03-04T10:00:00Z", berlin) == datetime(2026, 3, 4, 10, tzinfo=UTC)


DOCUMENT = """
document: {{dsl: '1.0.3', namespace: tests, name: telling, version: 1.0.0}}
do:
  - tell:
      call: {call}
      with: {arguments}
"""


@pytest.mark.parametrize(
    ("call", "arguments", "pointer"),
    [
        (notices.NAME, "{notice: {name: a, subject: {en: s}, text: {en: t}}, to: '${ .to }'}", None),
        (notices.NAME, "{notice: a, to: '${ .to }'}", None),
        ("notice:2.0.0@default", "{}", "/do/0/tell/call"),
        (notices.NAME, "{notice: '${ .n }'}", "/do/0/tell/with/notice"),
        (notices.NAME, "{notice: {name: a, subject: {en: '{{x}}'}, text: {en: t}}}", "/do/0/tell/with/notice"),
        (notices.NAME, "{to: {}}", "/do/0/tell/with"),
        (notices.NAME, "{notice: A!}", "/do/0/tell/with/notice"),
        (notices.NAME, "{notice: a, bcc: x}", "/do/0/tell/with/bcc"),
    ],
)
def test_what_is_written_down_is_checked_as_it_is_published(call: str, arguments: str, pointer: str | None) -> None:
    found = [one.pointer for one in notices.faults(parse(DOCUMENT.format(call=call, arguments=arguments)))]
    assert found == ([] if pointer is None else [pointer])
