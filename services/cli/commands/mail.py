from __future__ import annotations

import asyncio
import sys
from typing import Any, BinaryIO, get_args

import click
import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.mail import reports
from services.cli import captured_mail, direct, mail_viewer
from tenants.mail import service
from tenants.mail.models import State
from tenants.mail.reasons import told
from tenants.mail.texts import LANGUAGES

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Mail of this installation. With access to the database as the proof of who acts."""


@command.command("list")
@click.option("--state", type=click.Choice(get_args(State)), help="Only of this state.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000), show_default=True)
@_JSON
def list_mails(*, state: str | None, limit: int, as_json: bool) -> None:
    """The latest mails, the newest first. `kept`: no mail server is set, so they were not sent."""
    found = captured_mail.latest(limit, state)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(
            f"{one.created_at}  {one.state:10}  {one.kind:24}  {one.recipient}  {one.id}  {one.reason or ''}".rstrip()
        )
    if not found:
        click.echo("No mail was written yet.")


@command.command()
@click.argument("mail")
@click.option("--html", "as_html", is_flag=True, help="Print the HTML part.")
@click.option("--raw", is_flag=True, help="Print the message as it goes over the wire.")
def show(*, mail: str, as_html: bool, raw: bool) -> None:
    """MAIL as it is sent. What it opens is told until it was sent: treat it as a password."""
    found = captured_mail.shown(mail)
    letter = found.letter
    if raw:
        click.echo(letter.content().decode(), nl=False)
    elif as_html:
        click.echo(captured_mail.page_of(letter))
    else:
        click.echo(f"From: {letter.sender_name} <{letter.sender}>\nTo: {letter.recipient_name} <{letter.recipient}>")
        click.echo(f"Subject: {letter.subject}\nState: {found.state} {found.reason or ''}".rstrip())
        click.echo(f"\n{letter.text}", nl=False)


@command.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="On this machine's loopback; 0: any free one.")
def view(*, port: int) -> None:
    """Show mail in a browser on this machine, until Ctrl-C. Give its address to nobody."""
    try:
        asyncio.run(mail_viewer.serve(mail_viewer.Viewer(port), click.echo))
    except OSError as error:
        raise click.ClickException(f"Port {port} cannot be had: {error.strerror}") from None
    except KeyboardInterrupt:
        return


@command.command()
@click.argument("mail")
def retry(*, mail: str) -> None:
    """Send MAIL that was kept, or that waits, as soon as a worker comes to it."""
    if not captured_mail.retry(mail):
        raise click.ClickException("It was sent or given up; what it opened is gone. Do again what announced it.")
    click.echo(f"{mail} is in line.")


@command.command()
@click.argument("report", type=click.File("rb"), default="-")
def bounced(*, report: BinaryIO) -> None:
    """Read REPORT (RFC 3464) that a mail did not arrive, from a file or standard input, as a mail server pipes it."""
    found = reports.failures(report.read(reports.LARGEST + 1))
    noted = sum(1 for one in found if _note(one))
    click.echo(f"{noted} of {len(found)} failed addresses were noted.")
    if not found:
        sys.exit(1)


@command.command()
@click.argument("partner")
@click.option("--sender", help="Address that the partner's mail comes from; '' removes it.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of mail to people who did not choose.")
@_JSON
def sending(*, partner: str, sender: str | None, language: str | None, as_json: bool) -> None:
    """How PARTNER's mail goes out. The mail server must be allowed to send for the sender's domain (SPF, DKIM)."""

    async def work(database: Database) -> dict[str, Any]:
        owner = await direct.partner_of(database, partner)
        async with database.session(Scope.operator()) as session:
            found = await service.set_sending(
                session, owner, sender=sender, language=language, actor=captured_mail.ACTOR
            )
            await session.commit()
        return {
            "partner": owner.slug,
            "sender": None if found is None else found.sender,
            "language": LANGUAGES[0] if found is None else found.language,
        }

    direct.show(direct.run(work), as_json=as_json)


def _note(failure: reports.Failure) -> bool:
    try:
        mail_id = ids.read("mail", failure.local_id)
    except ids.MalformedId:
        return False

    async def work(database: Database) -> bool:
        async with database.doors() as connection:
            noted: bool = await connection.fetchval(
                "SELECT app.bounce_mail($1, $2, $3)", mail_id, failure.address, told(failure.why)
            )
        return noted

    return direct.run(work, as_worker=True)
