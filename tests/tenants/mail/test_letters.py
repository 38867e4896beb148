"""What people read: the partner's brand and links, in their language, and nothing that a value could smuggle in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import FileKeyProvider
from infra.mail.template import names
from tenants.mail import letters, texts
from tenants.mail.letters import LinkWithoutHost, NoSender, Row
from tenants.mail.service import context
from tenants.organizations.raster import drawing_of
from tests.tenants.organizations.test_raster import picture

HOST = "portal.north.example"
ENDPOINT = {
    "endpoint": "whe_01h455vb4pex5vsknk084sn02q", "address": "https://hooks.acme.example", "client": "Acme",
    "environment": "live",
}  # fmt: skip
TASK = {
    "task": "Release order 10482", "client": "Acme", "environment": "live", "since": "2026-11-22T10:00:00Z",
    "until": "2026-11-25T10:00:00Z",
}  # fmt: skip
FACTS = {
    "people.invited": {"host": HOST, "expires": "2026-11-25T10:00:00+00:00"},
    "people.passkey-added": {"host": HOST, "at": "2026-11-22T10:00:00+00:00", "passkey": "Nina's phone"},
    "people.password-changed": {"at": "2026-11-22T10:00:00+00:00"},
    "connection.away": {"connection": "erp", "client": "Acme", "environment": "live", "since": "2026-11-22T10:00:00Z"},
    "connection.ending": {"connection": "erp", "client": "Acme", "environment": "live", "until": "2026-12-06T10:00Z"},
    "connection.back": {
        "connection": "erp", "client": "Acme", "environment": "live", "since": "2026-11-22T10:00:00Z",
        "until": "2026-11-22T11:30:00Z",
    },
    "webhook.gone": {**ENDPOINT},
    "webhook.failing": {**ENDPOINT, "since": "2026-11-17T10:00:00Z"},
    "webhook.recovered": {**ENDPOINT},
    **dict.fromkeys(("task.offered", "task.reminder", "task.outside", "task.outside-reminder"), TASK),
    "task.digest": {"client": "Acme", "environment": "live", "waiting": "12", "overdue": "0"},
}  # fmt: skip


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyProvider:
    kek = tmp_path / "kek"
    kek.write_bytes(bytes(range(32)))
    kek.chmod(0o600)
    return FileKeyProvider(kek)


def row(kind: str = "people.password-changed", **changes: Any) -> Row:
    facts = changes.pop("facts", FACTS[kind])
    known = {
        "partner_id": ids.new(), "mail_id": ids.new(), "tenant_id": None, "kind": kind, "language": "en",
        "recipient": "nina@acme.example", "recipient_name": "Nina", "facts": msgspec.json.encode(facts).decode(),
        "sealed": None, "tries": 1, "created_at": datetime(2026, 11, 22, tzinfo=UTC), "is_suppressed": False,
        "name": "North Portal", "accent": "#0b7285", "logo": None, "support_email": "help@north.example",
        "sender": "notices@north.example", "hosts": [HOST],
    }  # fmt: skip
    return Row(**(known | changes))


async def message(found: Row, keys: FileKeyProvider) -> EmailMessage:
    letter = await letters.written(found, keys)
    made = message_from_bytes(letter.content(), policy=default)
    assert isinstance(made, EmailMessage)
    return made


def part(made: EmailMessage, kind: str) -> str:
    found = made.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("kind", texts.KINDS)
async def test_every_mail_is_filled_in_every_language(kind: str, language: str, keys: FileKeyProvider) -> None:
    made = await message(row(kind, language=language), keys)
    whole = f"{made['Subject']} {part(made, 'plain')} {part(made, 'html')}"
    assert "{{" not in whole
    assert made["Content-Language"] == language
    assert "North Portal" in whole
    assert "help@north.example" in whole
    assert not re.search("waybill", made.as_string(), re.IGNORECASE)


def test_every_language_says_the_same_things() -> None:
    for kind in texts.KINDS:
        spoken = [texts.WORDS[language][kind] for language in texts.LANGUAGES]
        assert len({names(" ".join((one.subject, *one.lines, *one.after))) for one in spoken}) == 1, kind
        assert len({bool(one.button) for one in spoken}) == 1
        assert len({one.subject for one in spoken}) == len(spoken)


async def test_a_mail_comes_from_the_partner_and_is_answered_at_its_address(keys: FileKeyProvider) -> None:
    made = await message(row(), keys)
    assert made["From"] == "North Portal <notices@north.example>"
    assert made["Reply-To"] == "help@north.example"
    assert made["Auto-Submitted"] == "auto-generated"
    assert str(made["Message-ID"]).endswith("@north.example>")
    assert made["User-Agent"] is None
    assert made["X-Mailer"] is None
    assert (await message(row(support_email=None), keys))["Reply-To"] is None


async def test_row_5_without_a_sender_of_the_partners_there_is_no_letter(keys: FileKeyProvider) -> None:
    with pytest.raises(NoSender):
        await message(row(sender=None), keys)


async def test_the_same_mail_has_the_same_id_however_often_it_is_written(keys: FileKeyProvider) -> None:
    found = row()
    assert (await message(found, keys))["Message-ID"] == (await message(found, keys))["Message-ID"]
    assert (await letters.written(found, keys)).content().replace(b"\r\n", b"").isascii()


async def invited(keys: FileKeyProvider, **changes: Any) -> Row:
    mail_id = ids.new()
    sealed = await keys.wrap(b"t" * 43, context(mail_id))
    return row("people.invited", mail_id=mail_id, sealed=sealed, **changes)


async def test_S_69_the_link_of_an_invitation_leads_to_the_partners_host(keys: FileKeyProvider) -> None:
    made = await message(await invited(keys), keys)
    link = f"https://{HOST}/invitation#{'t' * 43}"
    assert link in part(made, "plain")
    assert f'href="{link}"' in part(made, "html")
    assert set(re.findall(r"https?://[^\s\"<]+", part(made, "html"))) == {link}


async def test_a_mail_of_an_endpoint_leads_to_its_page(keys: FileKeyProvider) -> None:
    for kind in ("webhook.gone", "webhook.failing", "webhook.recovered"):
        made = await message(row(kind), keys)
        assert f'href="https://{HOST}/webhooks/{ENDPOINT["endpoint"]}"' in part(made, "html")
        assert ENDPOINT["address"] in made["Subject"]


@pytest.mark.parametrize(
    "host", ["evil.example", "portal.south.example", f"{HOST}.evil.example", f"{HOST}@evil.example"]
)
async def test_S_69_a_host_that_the_partners_record_does_not_hold_is_never_linked(
    keys: FileKeyProvider, host: str
) -> None:
    facts = {"host": host, "expires": "2026-11-25T10:00:00+00:00"}
    with pytest.raises(LinkWithoutHost):
        await message(await invited(keys, facts=facts), keys)


async def test_S_69_a_host_that_was_taken_away_meanwhile_is_not_linked(keys: FileKeyProvider) -> None:
    with pytest.raises(LinkWithoutHost):
        await message(await invited(keys, hosts=[]), keys)
    # What opens nothing says so without a link.
    made = await message(row(hosts=[]), keys)
    assert "http" not in part(made, "plain")
    assert "href" not in part(made, "html")


async def test_S_71_what_is_sealed_in_one_mail_opens_in_no_other(keys: FileKeyProvider) -> None:
    sealed = (await invited(keys)).sealed
    with pytest.raises(SecretUnreadable):
        await message(row("people.invited", sealed=sealed), keys)


@pytest.mark.parametrize(
    "name",
    [
        "</style><script>alert(1)</script>",
        'x" onmouseover="alert(1)',
        "{{link}}{{secret}}{{7*7}}",
        "red;}body{background:url(//x)",
        "javascript:alert(1)",
    ],
)
async def test_S_102_S_103_no_name_becomes_markup_or_a_template(keys: FileKeyProvider, name: str) -> None:
    facts = {"host": HOST, "at": "2026-11-22T10:00:00+00:00", "passkey": name}
    made = await message(row("people.passkey-added", name=name, recipient_name=name, facts=facts), keys)
    html = part(made, "html")
    assert "<script" not in html
    assert set(re.findall(r"<(\w+)", html)) <= {"html", "head", "meta", "title", "body", "div", "p", "a"}
    assert re.findall(r"<[^>]*\son\w+=", html) == []
    assert re.findall(r'href="([^"]*)"', html) == [f"https://{HOST}/"]
    assert f"“{name}”" in part(made, "plain").replace("\n", " ")


@pytest.mark.parametrize("kind", [kind for kind in texts.KINDS if kind.startswith("task.")])
async def test_S_102_S_69_what_a_run_or_a_stranger_named_is_no_link_in_a_mail_about_a_task(
    kind: str, keys: FileKeyProvider
) -> None:
    lure = "Pay at https://evil.example/now or evil.example, or ev\u200eil.\u200eexample"
    facts = {name: lure if name in {"task", "client"} else value for name, value in FACTS[kind].items()}
    mail_id = ids.new()
    sealed = await keys.wrap(b"t" * 43, context(mail_id))
    made = await message(row(kind, mail_id=mail_id, sealed=sealed, facts=facts, recipient_name=lure), keys)
    whole = " ".join((made["Subject"], part(made, "plain"), part(made, "html")))
    assert "evil·example" in whole
    assert "evil.example" not in whole
    assert {re.split("[/#]", one)[2] for one in re.findall(r"https?://[^\s\"<]+", whole)} == {HOST}


async def test_S_102_no_name_adds_a_header(keys: FileKeyProvider) -> None:
    found = row("connection.away", facts={**FACTS["connection.away"], "connection": "erp\r\nBcc: evil@example.com"})
    made = await message(found, keys)
    assert made["Bcc"] is None
    assert "Bcc: evil" in str(made["Subject"])


async def test_S_101_a_logo_of_points_comes_along_and_a_drawing_does_not(keys: FileKeyProvider) -> None:
    logo = await drawing_of(picture("PNG"))
    made = await message(row(logo=logo), keys)
    pictures = [one for one in made.walk() if one.get_content_type() == "image/png"]
    assert len(pictures) == 1
    assert 'src="cid:logo@brand"' in part(made, "html")
    points = pictures[0].get_payload(decode=True)
    assert isinstance(points, bytes)
    assert points.startswith(b"\x89PNG")
    drawn = await message(row(logo='<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'), keys)
    assert "svg" not in drawn.as_string()
    assert "<img" not in part(drawn, "html")


async def test_an_accent_is_legible_on_the_button_and_on_paper(keys: FileKeyProvider) -> None:
    html = part(await message(row(accent="#ffff00"), keys), "html")
    assert "#ffff00" not in html


async def test_a_kind_that_this_version_does_not_know_is_not_guessed(keys: FileKeyProvider) -> None:
    found = msgspec.structs.replace(row(), kind="people.greeted", mail_id=UUID(int=1))
    with pytest.raises(ValueError, match="no words"):
        await message(found, keys)
