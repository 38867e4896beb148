"""Takes in what other systems send: proven before anything is read of it, once for each endpoint and id (ADR 0060)."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Scope
from infra.problems import NotFound, Problem, Unavailable
from infra.telemetry import instruments, working_for
from services.api.access import OF_PARTNER
from services.api.bodies import require_media_type
from services.api.call import Call
from services.api.errors import TooLarge
from services.api.resources import Resources
from services.api.strangers import AIMED_AT, KNOWN
from services.events.cloud_event import CloudEvent
from services.events.errors import EventBreaksSchema, EventIdReused, UnknownEventSchema
from services.events.intake import Accepted
from services.events.received import Beside
from services.inbound import mapping, store
from services.inbound.directory import Hook
from services.inbound.errors import (
    AlreadyReceived,
    MalformedWebhook,
    WebhookGone,
    WebhookIdReused,
    WebhookNotMapped,
    WebhookNotVerified,
)
from services.inbound.mapping import MOST_BYTES, Delivery
from services.inbound.store import Outcome
from tenants.audit import service as audit

SUSPENDED_SECONDS: Final = 3600
REFUSED: Final = (MalformedWebhook, WebhookNotMapped, EventBreaksSchema, UnknownEventSchema)
"""What is the request's own fault."""
_DETAIL: Final = 500
_REPEATED: Final = "repeated"


class Answer(msgspec.Struct, frozen=True):
    """What the sender is told: 202 for what is new, 200 for what it sent before."""

    status: HTTPStatus
    request_id: UUID


async def take(call: Call) -> Answer:
    """One request to an address.

    Raises:
        NotFound: nobody's address, or one that is closed, to whoever does not prove to be its sender.
        WebhookGone: closed, and this is its sender.
        Problem: it is refused; `docs/integrator/inbound-webhooks.md` lists by what.
    """
    hook = await _found(call)
    if hook is None or not hook.is_active:
        raise await _shut(call, hook)
    try:
        incoming = Incoming(call.resources, hook, await _proven(call, hook), hook.actor)
        answer, outcome = await incoming.take()
    except Problem as problem:
        instruments.WEBHOOKS.add(1, problem.name)
        raise
    instruments.WEBHOOKS.add(1, outcome)
    return answer


async def _found(call: Call) -> Hook | None:
    hook = await call.resources.hooks.find(str(call.path_params["address"]))
    # On a partner's own host there is nobody but the partner and its clients (S-07).
    if hook is not None and call.scope["state"].get(OF_PARTNER, hook.partner_id) != hook.partner_id:
        return None
    return hook


async def _shut(call: Call, hook: Hook | None) -> Problem:
    """What is answered at an address that takes nothing. Read like any other, so that it looks like nobody's (S-45)."""
    try:
        delivery = Delivery(call.scope["headers"], await _body(call))
        is_sender = hook is not None and hook.proves(delivery)
    except Problem:
        is_sender = False
    if is_sender:
        return WebhookGone("The endpoint was closed; stop sending to it")
    call.resources.throttle.failed(call.scope)
    instruments.WEBHOOKS.add(1, NotFound.name)
    return NotFound()


async def _proven(call: Call, hook: Hook) -> Delivery:
    """The request, from its sender: its type, its size and its signature are all that is looked at."""
    resources = call.resources
    resources.throttle.knock(hook.hook_id)
    require_media_type(call.headers.get("content-type", ""), *hook.media_types)
    delivery = Delivery(call.scope["headers"], await _body(call))
    if not hook.proves(delivery):
        call.scope["state"][AIMED_AT] = (Scope.tenant(hook.tenant_id), ids.show("hok", hook.hook_id))
        resources.throttle.failed(call.scope)
        raise WebhookNotVerified("Sign the bytes that are sent with the endpoint's secret, at the present time")
    call.scope["state"][KNOWN] = True
    working_for(hook.tenant_id)
    resources.throttle.deliver(call.scope, hook.hook_id, hook.tenant_id)
    if hook.is_suspended:
        raise Unavailable("Nothing is taken at present; send it again later", retry_after=SUSPENDED_SECONDS)
    resources.quotas.attend(hook)
    return delivery


async def _body(call: Call) -> bytes:
    """The raw bytes, within the limit of a webhook; how long they may take is the edge's to say."""
    limit = min(MOST_BYTES, call.resources.settings.api_max_body)
    too_large = TooLarge(f"A webhook has at most {limit} bytes")
    if int(call.headers.get("content-length", "0")) > limit:
        raise too_large
    parts, size = [], 0
    async for part in call.stream():
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
    return b"".join(parts)


class Incoming:
    """A request whose sender is proven, on its way in; or one that was, and is taken in once more by `actor`."""

    def __init__(self, resources: Resources, hook: Hook, delivery: Delivery, actor: str) -> None:
        self._resources = resources
        self.hook = hook
        self.delivery = delivery
        self.actor = actor

    async def take(self) -> tuple[Answer, str]:
        """What its sender is told, and what became of it in a word.

        Raises:
            WebhookIdReused: the id came before with another body.
            Problem: it makes no event that may be taken; kept as refused where it is the request's own fault.
        """
        hook, delivery = self.hook, self.delivery
        try:
            sent_id = mapping.sent_id(hook.event, hook.verification, delivery)
        except REFUSED as problem:
            await self._refuse(mapping.own_id(delivery), ids.new(), problem)
            raise
        before = await self._known(sent_id)
        if before is not None and before["state"] != "refused":
            return await self._again(before), _REPEATED
        request_id = ids.new() if before is None else before["request_id"]
        try:
            event = await self.event(sent_id)
        except REFUSED as problem:
            await self._refuse(sent_id, request_id, problem)
            raise
        state: store.State = "ignored" if event is None else "taken"
        kind = None if event is None else event.type
        outcome = Outcome(request_id=request_id, sent_id=sent_id, state=state, event_type=kind)
        if await self._is_new(outcome, event):
            return Answer(HTTPStatus.ACCEPTED, request_id), state
        before = await self._known(sent_id)
        if before is None:
            # Its event is known under this id, from an endpoint of the same name that was deleted.
            return Answer(HTTPStatus.OK, request_id), _REPEATED
        return await self._again(before), _REPEATED

    async def event(self, event_id: str) -> CloudEvent | None:
        """What it says, as its endpoint reads it and its tenant holds it to; None: nothing that is asked for.

        Raises: one of `REFUSED`.
        """
        found = mapping.event_of(self.hook.event, self.hook.source, event_id, self.delivery)
        if found is not None:
            await self._resources.event_checks.check(self.hook.tenant_id, found)
        return found

    async def take_in(self, event: CloudEvent, beside: Beside) -> Accepted:
        """By the way that the API's events go: the request, the event and the runs that it begins are one commit."""
        resources, tenant, size = self._resources, self.hook.tenant_id, len(self.delivery.body)
        await resources.quotas.admit(tenant, event, size)
        accepted = await resources.intake.receive(tenant, event, self.actor, beside=beside)
        if not accepted.repeated:
            resources.quotas.took(self.hook, size)
        resources.changes.note([(tenant, run) for run in accepted.runs])
        return accepted

    async def _is_new(self, outcome: Outcome, event: CloudEvent | None) -> bool:
        try:
            if event is None:
                async with self._resources.database.tenant(self.hook.tenant_id) as connection:
                    await store.write(connection, self.hook, self.delivery, outcome, None)
                return True
            beside = partial(_write, self.hook, self.delivery, outcome)
            return not (await self.take_in(event, beside)).repeated
        except (AlreadyReceived, EventIdReused):
            return False

    async def _refuse(self, sent_id: str, request_id: UUID, problem: Problem) -> None:
        """Keep it for whoever looks why: it may be replayed when the endpoint reads it otherwise."""
        detail = problem.detail[:_DETAIL]
        outcome = Outcome(request_id=request_id, sent_id=sent_id, state="refused", problem=problem.name, detail=detail)
        try:
            async with self._resources.database.tenant(self.hook.tenant_id) as connection:
                await store.write(connection, self.hook, self.delivery, outcome, None)
        except AlreadyReceived:
            return
        self._resources.quotas.took(self.hook, len(self.delivery.body))

    async def _known(self, sent_id: str) -> Any:
        async with self._resources.database.tenant(self.hook.tenant_id) as connection:
            return await store.known(connection, self.hook.tenant_id, self.hook.hook_id, sent_id)

    async def _again(self, before: Any) -> Answer:
        """The answer to a repetition.

        Raises:
            WebhookIdReused: its body is another one; that is recorded, and nothing taken.
        """
        if before["digest"] == self.delivery.digest:
            return Answer(HTTPStatus.OK, before["request_id"])
        async with self._resources.database.session(Scope.tenant(self.hook.tenant_id)) as session:
            after = {"received": ids.show("rcv", before["request_id"]), "digest": self.delivery.digest.hex()}
            target = ids.show("hok", self.hook.hook_id)
            await audit.record(session, actor=self.actor, action="webhook.id-reused", target=target, after=after)
            await session.commit()
        raise WebhookIdReused("This id came before, with another body; give this webhook its own id")


async def _write(hook: Hook, delivery: Delivery, outcome: Outcome, connection: Any, event_id: UUID) -> None:
    await store.write(connection, hook, delivery, outcome, event_id)
