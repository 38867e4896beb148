"""Mail out: one operation, which hands a message to a client's own server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.connectors.builtin.smtp import form, letter, sent, session
from services.connectors.mail import signing
from services.connectors.sdk.authorization import CodeGrant
from services.connectors.sdk.connector import ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Manifest, Operation, Question, SecretField
from tenants.connections.limits import Limits

SEND: Final = "mail.messages.send"
CHECK: Final = "mail.server.check"


class Smtp:
    """The server takes a mail for all of its recipients, or for none.

    Where its answer got lost, what it filed is looked for, if a connection says where that is; else a person says.
    """

    manifest = Manifest(
        name="smtp",
        version="1.0.0",
        title="Mail out over SMTP",
        follows="RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH PLAIN, LOGIN), XOAUTH2, RFC 8314 (TLS)",
        settings=form.SETTINGS,
        secrets=(
            *signing.SECRETS,
            SecretField(name="sent_password", title="Password of the mailbox of what was sent", required=False),
        ),
        operations=(
            Operation(
                name=SEND,
                title="Send a mail",
                mode="once-or-ask",
                input=form.MESSAGE,
                output=form.SENT,
                writes=("message",),
            ),
            Operation(
                name=CHECK, title="See whether the server lets us in", mode="read", input=form.NOTHING, output=form.WELL
            ),
        ),
        limits=Limits(at_once=2),
        destinations=signing.DESTINATIONS | {"sent_url"},
        health=Question(CHECK),
        traps=(
            "That the server took a mail does not say that it arrived: what comes back comes to the sender's mailbox.",
            "Where one recipient is refused nobody is sent the mail: a call names those who belong together.",
            "Google and Microsoft let programs in by a token: register one there, and have a person authorise it.",
            "Not every server files what comes by SMTP; where yours does, name its mailbox in the setting sent_url.",
            "In whose name its account may send cannot be told: give the connection an account of its own.",
            "A mail that a person has sent again has the Message-ID of the first: many mailboxes show one of both.",
        ),
    )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        if operation == CHECK:
            async with session.opened(context):
                return {"signed_in": bool(context.settings.get("user"))}
        made = letter.envelope(values, context.settings, context.key)
        async with session.opened(context) as opened:
            await opened.deliver(made)
            context.sent = True
        name = letter.message_id(context.key, made.sender)
        return {"message_id": name, "recipients": len(made.recipients)}

    def code_grant(self, settings: Mapping[str, Any]) -> CodeGrant | None:
        """See `Authorizes`."""
        return signing.code_grant(self.manifest.name, settings)

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        """`mail.messages.send` is the one that writes."""
        del operation
        return await sent.look(values, context)
