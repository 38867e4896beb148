"""A message as an event's data: what is in it is words, and what is made to hurt is refused before it is understood."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from services.connectors.builtin.imap import bounds, words
from services.connectors.builtin.imap.bounds import MOST_BYTES, Unfit
from services.connectors.builtin.imap.markup import words_of
from services.connectors.builtin.imap.reading import read

ALTERNATIVE = b"""\
From: =?iso-8859-1?q?M=FCller?= <m@acme.example>, evil@example.com\r
To: undisclosed-recipients:;\r
Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n =?utf-8?b?IGFsbGVu?=\r
Message-ID: <1@acme.example>\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
Gr=FC=DFe=00\r
--b\r
Content-Type: text/html\r
\r
<script>x</script>\r
--b\r
Content-Type: message/rfc822\r
\r
Subject: inner\r
\r
x\r
--b--\r
"""


def nested(depth: int, kind: bytes = b"multipart/mixed") -> bytes:
    head = b"Subject: x\r\n"
    return head + b"".join(
        b"Content-Type: %s; boundary=b%d\r\n\r\n--b%d\r\n" % (kind, one, one) for one in range(depth)
    )


def made(**headers: str) -> EmailMessage:
    found = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        found[name.replace("_", "-")] = value
    found.set_content("x")
    return found


def test_words_are_words_in_whatever_they_were_written() -> None:
    found = read(ALTERNATIVE)
    assert found.data["from"] == {"address": "m@acme.example", "name": "Müller"}
    assert (found.data["subject"], found.data["text"], found.data["to"]) == ("Grüße allen", "Grüße", [])
    (inside,) = found.data["attachments"]
    assert (inside["name"], inside["media_type"], inside["size"]) == ("", None, 0)
    assert "a message inside of this one" in inside["refused"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"x" * (MOST_BYTES + 1), "bytes"),
        (b"\r\n" * 260_000, "lines"),
        (b"\r" * 260_000, "lines"),
        (nested(60), "parts inside of parts"),
        (nested(60, b"MULTIPART/mixed"), "parts inside of parts"),
        (b"X: y\r\n" * 60_000, "head"),
        (b"X: " + b"y" * 20_000, "a header"),
        (b'Content-Type: text/plain; x="' + b";" * 5_000 + b'"', "a header"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 101, "100 parts"),
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + b"--b\r\nContent-Type: a/b\r\nContent-Disposition: attachment\r\n\r\nx\r\n" * 21,
            "20 attachments",
        ),
    ],
)
def test_S_57_what_is_made_to_hurt_is_refused_before_it_is_understood(
    raw: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unfit, match=why):
        read(raw)
    if why in {"bytes", "lines", "parts inside of parts", "head"}:
        monkeypatch.setattr(bounds, "_PARSER", None)
        with pytest.raises(Unfit, match=why):
            read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 500,
        b"Subject: =?punycode?q?" + b"a" * 3_000 + b"?= =?x?b?!!!?=\r\n\r\nx",
        b"Content-Type: text/plain; charset=idna\r\n\r\nx",
        b"Content-Type: text/plain; charset*=utf-9''%FF\r\nContent-Disposition: attachment; filename*=x''%FF\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n=====",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nz",
        b'Date: Mon, 99 Foo 9999999999 99:99 +9999\r\nFrom: @,<>,"\r\n\r\nx',
        nested(10) + b"x",
    ],
)
def test_what_is_no_good_mail_is_one_all_the_same(raw: bytes) -> None:
    found = read(raw)
    assert found.id.startswith("no-id-")
    assert "\x00" not in str(found.data)


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "zlib", "hex", "rot13", "undefined", "utf-7", "unicode_escape"]
)
def test_S_57_a_charset_is_one_of_those_that_mail_is_written_in(charset: str) -> None:
    assert words.decoded(b"abc\xff", charset) == "abc\ufffd"


def test_the_same_message_is_known_again_and_another_of_its_name_is_not_hidden() -> None:
    first = made(From="a@acme.example", Subject="Order", Message_ID="<1@acme.example>")
    again, other = made(**dict(first.items())), made(**{**dict(first.items()), "Subject": "Another"})
    again["Received"] = "by mx.parts.example"
    known = [(one.id, one.version) for one in map(read, (first.as_bytes(), again.as_bytes(), other.as_bytes()))]
    assert known[0] == known[1] != known[2]
    assert known[0][0] == known[2][0] == "1@acme.example"
    for odd in ('<a"b@c>', "<a b@c>", "<" + "a" * 300 + "@c>", "none"):
        assert read(f"Message-ID: {odd}\r\n\r\nx".encode()).data["message_id"] is None


@pytest.mark.parametrize(
    ("of", "told"), [("mx.parts.example", ["mx.parts.example; dkim=fail"]), ("", []), ("parts.example", [])]
)
def test_verdicts_are_those_of_the_named_server_alone(of: str, told: list[Any]) -> None:
    lines = ("mx.parts.example; dkim=fail", "mx.parts.example.evil.example; dkim=pass", "evil.example; dkim=pass")
    raw = "".join(f"Authentication-Results: {one}\r\n" for one in lines) + "\r\nx"
    assert read(raw.encode(), of).data["verdicts"] == told


LETTER = """<!DOCTYPE html><html><head><title>Not this</title><style>p { color: red }</style></head><body>
<!-- nor <b>this</b> --><p>Dear Ms&nbsp;M&uuml;ller,</p><div>please <b>ship</b> 12 <i>X-1</i><br>to Springfield.</div>
<script>alert("nor this")</script><ul><li>today</li><li>3 &lt; 4</li></ul>
<table><tr><td>PO</td><td>4711</td></tr><tr><td>Qty</td><td>12</td></tr></table></body></html>"""


def html(text: str, plain: str | None = None) -> bytes:
    found = EmailMessage(policy=SMTP)
    if plain is None:
        found.set_content(text, subtype="html")
    else:
        found.set_content(plain)
        found.add_alternative(text, subtype="html")
    return found.as_bytes()


def test_a_mail_in_HTML_alone_gives_its_words_and_none_of_its_markup() -> None:
    found = read(html(LETTER)).data
    said = ["Dear Ms Müller,", "please ship 12 X-1", "to Springfield.", "- today", "- 3 < 4", "PO 4711", "Qty 12"]
    assert [one for one in found["text"].splitlines() if one] == said
    assert (found["text_from"], found["text_is_cut"]) == ("html", False)


@pytest.mark.parametrize(
    ("plain", "text", "of"), [("What it says", "What it says", "plain"), (" \n", "as HTML", "html")]
)
def test_plain_text_goes_before_HTML_where_it_says_anything(plain: str, text: str, of: str) -> None:
    found = read(html("<p>as HTML</p>", plain)).data
    assert (found["text"].strip(), found["text_from"]) == (text, of)
    assert read(made().as_bytes().replace(b"text/plain", b"text/x-other")).data["text_from"] is None


@pytest.mark.parametrize(
    "piece",
    ["<", "<a ", "<!--", "<!-- >", "<![CDATA[", "<!x", "<?", "</", "<script>", "<a b='>", '<a b=">', "&#", "<b>"],
)
def test_HTML_that_was_made_to_hurt_is_read_to_its_bound(piece: str) -> None:
    found = read(html(f"<p>first</p>{piece * 200_000}")).data
    assert found["text"].startswith("first")
    assert found["text_is_cut"] is True


def test_what_is_not_closed_hides_no_more_than_it_has_to() -> None:
    assert words_of("<head><title>x</head>seen") == "seen"
    assert words_of("<noscript>a</body>seen") == "seen"
    assert words_of("1 < 2 <b>and</b> 3 > 2") == "1 < 2 and 3 > 2"
    assert words_of("one<script/>two") == "onetwo"
