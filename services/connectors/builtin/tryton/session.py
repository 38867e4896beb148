"""Logins, kept per connection and renewed when Tryton forgets them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from infra.egress import Response
from infra.encryption.secret import Secret
from services.connectors.builtin.tryton.wire import plain, tagged
from services.connectors.sdk import hints
from services.connectors.sdk.answers import expect_success, read_json
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Misread, Refusal
from services.connectors.sdk.redaction import excerpt

_KEPT: Final = 1000
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_BROKEN: Final = 502
_SIGNED_BY: Final = "the setting `user` and the secret `password`"
_IS_ITS_ADDRESS: Final = "is the setting `base_url` the address of a Tryton 8.2?"
_LACKING: Final = re.compile(r"'[^']*'|.* has no attribute '[^']*'")
"""What Python says of a name that is not there. Tryton sends the words of what it did not foresee, and not its kind."""


class Changed(Exception):
    """Tryton's optimistic lock: the record was changed since it was read. Read again and decide anew."""


class Denied(Refusal):
    """Tryton's user error: a rule of its books, or an access that its user lacks. `description`: beside its message."""

    def __init__(self, detail: str, description: str) -> None:
        super().__init__(detail, status=409, title="The ERP refused")
        self.description = description


class Lacking(Misread):
    """Tryton does not know a model or field that is asked for."""


class Warned(Refusal):
    """Tryton asks the user to confirm a warning. A program may not: a person decides."""


class Session:
    """One login. `preferences` is the context that every call carries: company, language."""

    __slots__ = ("authorization", "preferences")

    def __init__(self, authorization: Secret) -> None:
        self.authorization = authorization
        self.preferences: dict[str, Any] = {}


class Sessions:
    """The logins of this process by connection and revision; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._kept: dict[tuple[UUID, UUID, int], Session] = {}
        # A lock lives while somebody holds or awaits it: one that is held is never replaced, and none is left over.
        self._locks: WeakValueDictionary[tuple[UUID, UUID, int], asyncio.Lock] = WeakValueDictionary()

    async def open(self, context: Context, stale: Session | None = None) -> Session:
        """A session for the context's connection; a new one when the kept one is `stale`."""
        name = (context.tenant, context.connection.id, context.connection.revision)
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:  # many runs meet the same 401; one logs in
            kept = self._kept.get(name)
            if kept is None or kept is stale:
                kept = await _log_in(context)
                self._kept[name] = kept
                if len(self._kept) > _KEPT:
                    del self._kept[next(iter(self._kept))]
            return kept


class Rpc:
    """Calls on behalf of one call of the connector. `scopes`: groups that its user needs for it."""

    def __init__(self, context: Context, sessions: Sessions, scopes: Sequence[str] = ()) -> None:
        self.context = context
        self.scopes = scopes
        self._sessions = sessions

    async def model(self, name: str, *arguments: Any, **more_context: Any) -> Any:
        """`model.NAME` with the user's context, as in `sale.sale.search_read`.

        Raises:
            Refusal: `Denied` for Tryton's user error, with its words. `Warned` for a warning.
            Misread: what it answered is none of its answers; `Lacking` for a model or field that it has not.
            Changed: a record named in `_timestamp` was changed since.
            Away: locks, internal errors, 5xx and the network.
        """
        session = await self._sessions.open(self.context)
        for _ in range(2):
            body = [*arguments, {**session.preferences, **more_context}]
            answer = await _post(self.context, f"model.{name}", body, session)
            if answer.status != _UNAUTHORIZED:
                return _result(answer, self.context, self.scopes)
            session = await self._sessions.open(self.context, stale=session)
        raise hints.unauthenticated("The ERP ends each session at once", _SIGNED_BY)


async def _log_in(context: Context) -> Session:
    user, password = context.settings["user"], context.secrets.get("password")
    if password is None:
        raise Refusal("The connection lacks its secret `password`", name="configuration", title="A secret is missing")
    answer = await _post(context, "common.db.login", [user, {"password": password.reveal()}])
    if answer.status == _UNAUTHORIZED:
        raise hints.unauthenticated("The ERP does not let the user in", _SIGNED_BY)
    if answer.status == _NOT_FOUND:
        raise await _not_found(context)
    login = _result(answer, context)
    if not isinstance(login, list) or len(login) < 2:  # noqa: PLR2004 (the user's id and the session's key)
        raise _unlike()
    pair = f"{user}:{login[0]}:{login[1]}".encode()
    session = Session(Secret(f"Session {base64.b64encode(pair).decode()}"))
    known = _result(await _post(context, "model.res.user.get_preferences", [True, {}], session), context)
    if not isinstance(known, dict):
        raise _unlike()
    wanted = {"company", "companies", "company_filter", "employee", "language"}
    session.preferences = {name: value for name, value in known.items() if name in wanted}
    return session


def _unlike() -> Refusal:
    detail = f"The answer to its login has another form; {_IS_ITS_ADDRESS}"
    return Refusal(detail, name="configuration", status=_BROKEN, title="The answer has another form")


async def _not_found(context: Context) -> Exception:
    """What a login means that was answered with 404: Tryton's is a page too, and so its list of databases is asked for.

    An installation that keeps its list to itself is taken at its word.
    """
    body = msgspec.json.encode({"id": 1, "method": "common.db.list", "params": []})
    answer = await context.send("POST", "rpc/", headers={"Content-Type": "application/json"}, body=body)
    listed: Any = None
    if answer.status == _OK:
        with contextlib.suppress(Away):
            listed = read_json(answer)
    if isinstance(listed, dict) and context.settings["database"] in (listed.get("result") or ()):
        # Tryton says the same of a database that it could not open for once, such as SQLite's while somebody writes.
        return Away("its database cannot be opened for now")
    if isinstance(listed, dict) or answer.status == _FORBIDDEN:
        detail = "The ERP has no such database: look at the setting `database`"
    else:
        detail = f"Nothing is at this address that lets a user in; {_IS_ITS_ADDRESS}"
    return Refusal(detail, name="configuration", status=_NOT_FOUND, title="No such ERP")


async def _post(context: Context, method: str, params: list[Any], session: Session | None = None) -> Response:
    return await context.send(
        "POST",
        f"{quote(context.settings['database'], safe='')}/rpc/",
        headers={"Content-Type": "application/json"},
        credentials={} if session is None else {"Authorization": session.authorization},
        body=msgspec.json.encode({"id": 1, "method": method, "params": tagged(params)}),
    )


def _result(answer: Response, context: Context, scopes: Sequence[str] = ()) -> Any:
    body = read_json(expect_success(answer, context, change=_SIGNED_BY, scopes=scopes))
    if not isinstance(body, dict) or ("error" not in body and "result" not in body):
        raise Away(f"its answer is no JSON-RPC; {_IS_ITS_ADDRESS}")
    if body.get("error") is None:
        return plain(body.get("result"))
    raise _error(body["error"], context)


def _error(error: Any, context: Context) -> Exception:
    """RPC errors come with status 200: `[class, arguments]`, or `[message, traceback]` for what was not foreseen."""
    kind, arguments = (error[0], error[1]) if isinstance(error, list) and len(error) > 1 else ("", [])
    if kind == "ConcurrencyException":
        return Changed()
    if kind == "UserError":
        return Denied(_words(arguments[:2], context), str(arguments[1]) if len(arguments) > 1 else "")
    if kind == "UserWarning":
        return Warned(_words(arguments[1:3], context), status=409, title="The ERP asks for a person's confirmation")
    if isinstance(kind, str) and _LACKING.fullmatch(kind):
        return Lacking("the ERP does not know what it is asked for", heard=_words([kind], context))
    # Locks that it could not get come this way too; its words may hold a traceback and are dropped.
    return Away("it had an internal error")


def _words(parts: list[Any], context: Context) -> str:
    return "" if context.quiet else excerpt(" ".join(str(part) for part in parts if part), context.secrets.values())
