"""One call to the API: the request with who makes it, for whom, and what a handler needs to serve it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import Request
from litestar.serialization import encode_json
from sqlalchemy.ext.asyncio import AsyncSession

from infra import crash_points, ids
from infra.database import Scope
from infra.pagination import DEFAULT_LIMIT, Page
from infra.problems import NotFound
from services.api import bodies, tags
from services.api.errors import NoKeptAnswer
from services.api.kept_answers import Fingerprint, Wish, digest_of, key_of, owner_of
from services.api.resources import Resources
from tenants.identity.permissions import Permission
from tenants.identity.principal import Principal

Item = TypeVar("Item")
Made = TypeVar("Made", bound=msgspec.Struct)
Payloads = Literal["whole", "masked", "hidden"]


class TenantOfCall(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant that a tenant route is about, proven to be the caller's to reach."""

    tenant_id: UUID
    partner_id: UUID
    client_id: UUID
    client_slug: str
    environment: str
    is_suspended: bool = False


class Creation:
    """What a request makes, in `session`; `answered` is what it is told, with `status`."""

    def __init__(self, session: AsyncSession, status: int) -> None:
        self.session = session
        self.status = status
        self.answered: msgspec.Struct | None = None

    def answer(self, made: Made) -> Made:
        self.answered = made
        return made


class Call(Request[Any, Any, Any]):
    """Handlers take `request: Call`. The access guard has filled it before a handler runs or a body is read."""

    @property
    def resources(self) -> Resources:
        found: Resources = self.app.state.resources
        return found

    @property
    def principal(self) -> Principal:
        """Who calls. Only on routes that the policy does not leave public."""
        found: Principal = self.scope["state"]["principal"]
        return found

    @property
    def partner_id(self) -> UUID:
        """The partner that calls, or whose client does. Not on routes that the operator may call."""
        found = self.principal.partner_id
        if found is None:
            raise NotFound
        return found

    @property
    def tenant(self) -> TenantOfCall:
        """Whose data the call is about. Only on tenant routes."""
        found: TenantOfCall = self.scope["state"]["tenant"]
        return found

    @property
    def payloads(self) -> Payloads:
        """How the caller sees the client's business data."""
        held = self.principal.permissions
        if Permission.PAYLOADS_READ in held:
            return "whole"
        return "masked" if Permission.PAYLOADS_MASKED in held else "hidden"

    @property
    def rows(self) -> Scope:
        """The scope of the call's transactions: the route's tenant, else what the caller stands for."""
        tenant: TenantOfCall | None = self.scope["state"].get("tenant")
        if tenant is not None:
            return Scope.tenant(tenant.tenant_id)
        return scope_of(self.principal)

    @asynccontextmanager
    async def transaction(self, rows: Scope | None = None) -> AsyncIterator[AsyncSession]:
        """A control-plane transaction of `rows` (None: the call's own). Commits at the end, rolls back on an error."""
        async with self.resources.database.session(rows or self.rows) as session:
            yield session
            await session.commit()
        crash_points.pass_by("request.committed", self.scope["path"])

    @asynccontextmanager
    async def creation(
        self, rows: Scope | None = None, *, fingerprint: Fingerprint | None = None
    ) -> AsyncIterator[Creation]:
        """A `transaction` that makes something and gives its answer to `Creation.answer`.

        With an `Idempotency-Key` it is made once in 24 hours. `fingerprint`: of a body that was read as it came; see
        `settle`.

        Raises:
            Replayed: it was made before; the edge sends the same answer.
            BadIdempotencyKey, IdempotencyKeyReused, NoKeptAnswer: the key stands in the way.
        """
        key = key_of(self.scope["headers"])
        async with self.transaction(rows) as session:
            made = Creation(session, self.route_handler.status_code)
            if key is None:
                yield made
                return
            if fingerprint is None:
                digest = digest_of(self.scope["query_string"], await self.body())
            else:
                digest = fingerprint.digest
            wish, kept = self._wish(rows, key, digest), self.resources.kept_answers
            await kept.claim(session, wish)
            yield made
            await kept.keep(session, wish, made.status, encode_json(made.answered))
        crash_points.pass_by("creation.committed")

    async def settle(self, fingerprint: Fingerprint, body: AsyncIterator[bytes], rows: Scope | None = None) -> None:
        """Before a body is taken in as it comes: whether its key has an answer, which says that nothing is to be made.

        `fingerprint` is that of `body`, which is read to its end then, and kept nowhere.

        Raises:
            Replayed: the same request has this answer.
            BadIdempotencyKey, IdempotencyKeyReused, NoKeptAnswer: the key stands in the way.
        """
        key = key_of(self.scope["headers"])
        if key is None:
            return
        kept = self.resources.kept_answers
        async with self.transaction(rows) as session:
            if not await kept.is_answered(session, self._wish(rows, key, fingerprint.digest)):
                return
        async for _ in body:
            pass
        async with self.transaction(rows) as session:
            await kept.claim(session, self._wish(rows, key, fingerprint.digest))
            # Its day ended meanwhile: the body is gone, and the next request will be the first.
            raise NoKeptAnswer

    def _wish(self, rows: Scope | None, key: str, digest: bytes) -> Wish:
        return Wish(
            owner_id=owner_of(rows or self.rows),
            actor=self.principal.actor,
            target=f"{self.scope['method']} {self.scope['path']}",
            key=key,
            digest=digest,
        )

    async def match(self, present: Callable[[], Awaitable[msgspec.Struct]]) -> None:
        """Before a change: hold `If-Match`, where there is one, against `present`, read and locked.

        Raises:
            PreconditionFailed: somebody changed it since.
            BadIfMatch: it cannot be read.
        """
        await tags.check(self.scope["headers"], present)

    def version(self, shown: msgspec.Struct) -> None:
        """What the answer's tag is of, on routes of `conditions.VERSIONED`: that of the body which people set."""
        self.scope["state"][tags.VERSION] = tags.tag_of(encode_json(shown))

    def path_id(self, prefix: str, parameter: str) -> UUID:
        """The id in the path. One that is malformed is answered as one that is unknown."""
        try:
            return ids.read(prefix, str(self.path_params[parameter]))
        except ids.MalformedId:
            raise NotFound from None

    def page(self, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page:
        """The page that the query asks for.

        Raises:
            BadCursor: not a cursor of this list, this caller and these filters.
        """
        after = None if cursor is None else self.resources.cursors.read(cursor, *self._binding())
        return Page(limit, after)

    def cursor(self, position: str | None) -> str | None:
        """The cursor to what follows `position`; None stays None."""
        return None if position is None else self.resources.cursors.issue(position, *self._binding())

    def _binding(self) -> Sequence[str]:
        query = sorted(pair for pair in self.query_pairs() if pair[0] not in {"cursor", "limit"})
        return (str(self.rows.settings()), self.scope["path"], repr(query))

    def query_pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    async def json(self) -> Any:
        """The body as the type of the handler's `data`; the framework calls this, so all bodies are read strictly."""
        bodies.require_media_type(self.headers.get("content-type", ""), bodies.JSON)
        field = self.route_handler.parsed_data_field
        body = await self.body()
        return bodies.read(body, Any if field is None else field.annotation)


def scope_of(principal: Principal) -> Scope:
    """What the caller stands for, as row-level security knows it."""
    if principal.tenant_id is not None:
        return Scope.tenant(principal.tenant_id)
    if principal.partner_id is not None:
        return Scope.partner(principal.partner_id)
    return Scope.operator()


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Members that every list answer has beside its `items`: the cursor of the next page, null on the last."""

    next: str | None = None


def shown(rows: Sequence[Any], view: Callable[[Any], Item]) -> list[Item]:
    return [view(row) for row in rows]
