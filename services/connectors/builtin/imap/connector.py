"""Mail in: a trigger, and the way to what came along with a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from infra import clock
from services.connectors.builtin.imap import attachments, form, session, taking
from services.connectors.builtin.imap.taking import Taking
from services.connectors.builtin.imap.watched import TRIGGERS, Watched
from services.connectors.mail import signing
from services.connectors.mail.place import seconds
from services.connectors.sdk.authorization import CodeGrant
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.manifest import Manifest, Operation, Question
from tenants.connections.limits import Limits

TAKE: Final = "mail.messages.take"
ATTACHMENT: Final = "mail.attachments.read"
FOLDER: Final = "mail.folder.check"


class Imap:
    """A folder that is looked at each minute. Nothing in it is removed, and what a message says is nobody's proof."""

    manifest = Manifest(
        name="imap",
        version="1.0.0",
        title="Mail in over IMAP",
        follows="RFC 3501 (IMAP4rev1), RFC 6851 (MOVE), RFC 8314 (TLS), RFC 8601 (verdicts), XOAUTH2",
        settings=form.SETTINGS,
        secrets=signing.SECRETS,
        destinations=signing.DESTINATIONS,
        operations=(
            Operation(
                name=ATTACHMENT,
                title="Read an attachment of a mail that came",
                mode="read",
                input=form.READ,
                output=form.FILE,
            ),
            Operation(
                name=FOLDER, title="See whether the folder opens", mode="read", input=form.NOTHING, output=form.FOLDER
            ),
            Operation(
                name=TAKE,
                title="Take what came",
                mode="read",
                inner=True,
                input=form.TAKE_INPUT,
                output=form.TAKE_OUTPUT,
            ),
        ),
        triggers=TRIGGERS,
        limits=Limits(at_once=2),
        health=Question(FOLDER),
        traps=(
            "Anybody can write any sender into a mail; ask a person before money or goods hang on it.",
            "Verdicts count where the receiving server takes those of its own name off what comes in: ask who runs it.",
            "A message is known by its Message-ID and what it says; another one of the same Message-ID is told, too.",
            "Google and Microsoft let programs in by a token: register one there, and have a person authorise it.",
            "Attachments stay in the mailbox and nowhere else: who removes the message removes them.",
            "What else its account may do, such as deleting or sending, cannot be told: give it a mailbox of its own.",
            "A message of more than 10 MiB or of more than 20 attachments is told as an exception, and stays.",
        ),
    )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        settings = context.settings
        async with session.opened(context) as mailbox:
            if operation == TAKE:
                return await taking.take(mailbox, _taking(settings, values["began"], context), values["cursor"])
            if operation == ATTACHMENT:
                return await attachments.read(mailbox, values, settings)
            folder = await mailbox.open(settings["folder"])
            return {"folder": folder.name, "messages": folder.messages}

    def code_grant(self, settings: Mapping[str, Any]) -> CodeGrant | None:
        """See `Authorizes`."""
        return signing.code_grant(self.manifest.name, settings)

    def polled(self, trigger: str) -> Watched | None:
        """Fills `Watches`."""
        return Watched(TAKE) if trigger == form.TRIGGER else None


def _taking(settings: dict[str, Any], began: str, context: Context) -> Taking:
    """Raises Refusal: a day that is none, or a folder into itself."""
    if settings.get("done", "").casefold() == settings["folder"].casefold():
        detail = "The setting `done` names the folder of the setting `folder`: what is moved there would come anew"
        raise Refusal(detail, name="configuration", title="A folder cannot be moved into itself")
    try:
        since = taking.day(settings["since"]) if settings.get("since") else taking.day(began) - timedelta(days=1)
    except ValueError as error:
        detail = "The setting `since` is no day such as 2026-01-31"
        raise Refusal(detail, name="configuration", title="A day cannot be read") from error
    return Taking(
        folder=settings["folder"],
        since=since,
        until=clock.monotonic() + seconds(context) / 2,
        seconds=seconds(context),
        done=settings.get("done", ""),
        mark=settings.get("mark", "none"),
        verdicts_of=settings.get("verdicts_of", ""),
    )
