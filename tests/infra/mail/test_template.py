"""Templates know values and nothing else (S-102)."""

from __future__ import annotations

import pytest

from infra.mail.template import LONGEST, UnknownPlace, in_html, in_text, names


def test_S_102_a_value_is_never_read_as_a_template() -> None:
    for hostile in ("{{secret}}", "{{7*7}}", "{% if %}", "${7*7}", "%s", "{0}"):
        values = {"name": hostile, "secret": "geheim"}
        assert in_text("Hello {{name}}", values) == f"Hello {hostile}"
        assert "geheim" not in in_html("<p>{{name}}</p>", values)


def test_S_102_everything_of_a_value_is_escaped_in_HTML() -> None:
    shown = in_html('<a title="{{name}}">{{name}}</a>', {"name": "</style><script>alert('1')</script>\"&"})
    escaped = "&lt;/style&gt;&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&quot;&amp;"
    assert shown == f'<a title="{escaped}">{escaped}</a>'


@pytest.mark.parametrize("letter", ["\r\n", "\x00", "\u202e", "\u2066", "\u200f", "\u2028", "\x1b", "\x85"])
def test_S_102_S_83_what_cannot_be_seen_leaves_no_trace(letter: str) -> None:
    found = in_text("Subject: {{name}}", {"name": f"a{letter}Bcc: x"})
    assert found.isprintable()
    assert letter not in found


def test_S_102_a_value_of_ten_kilobytes_is_cut() -> None:
    assert len(in_text("{{name}}", {"name": "x" * 10_000})) == LONGEST


def test_a_place_without_a_value_is_a_mistake_that_is_not_sent() -> None:
    with pytest.raises(UnknownPlace):
        in_text("{{nobody}}", {"name": "x"})
    assert names("{{a}} {{ b }} {{c_d}} {{E}}") == {"a", "c_d"}
