"""Runs the tests of a manifest by the product's own way of calling, and says what came otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from infra import egress, ids
from infra.encryption.secret import Secret
from services.connectors.declared.connector import Declared
from services.connectors.declared.document import Database, Document, Ssh
from services.connectors.declared.mistakes import near
from services.connectors.declared.triggers import DeclaredPoll
from services.connectors.function import NAME, OF_TRIGGERS, ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.connector import Absent, CannotTell, Found
from services.connectors.sdk.context import Context, OpenConnection, Renew
from services.connectors.sdk.errors import Away, Misread, Refusal
from services.connectors.sdk.watching import Item, Position, Unfit
from services.connectors.trying.cases import Case, Cases, Expect, NewsExpected
from services.connectors.trying.filing import filed
from services.connectors.trying.outcomes import Outcome, error, told, unlike
from services.connectors.trying.playing import Player
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Call, Done
from services.events.catalogue import registry
from template_library import schemas

_TENANT: Final = UUID(int=1)
_SECONDS: Final = 30
_TOKEN: Final = Secret("token-of-the-test")
_ACCESS: Final = "access_token"
"""The name under which a token is given that a person authorised."""
_LEAST: Final = 8
"""Characters of a secret; a shorter name is filled up with hyphens."""
_BEGAN: Final = "2026-01-01T00:00:00+00:00"
"""Since when a poll is watched, in a test."""


class Verdict(msgspec.Struct, frozen=True):
    """How a test went; it passed when nothing is wrong. `skipped`: why it did not run."""

    name: str
    wrong: list[str]
    skipped: str = ""


class Live(msgspec.Struct, frozen=True):
    """A real system: its address, what a connection to it is set to, and its secrets."""

    url: str
    secrets: Mapping[str, Secret]
    settings: Mapping[str, Any] = {}


class Trial:
    """The tests of one manifest. `client`: the way out, which must let loopback be reached."""

    def __init__(self, document: Document, cases: Cases, evaluator: Evaluator, client: egress.Client) -> None:
        self._document = document
        self._cases = cases
        self._evaluator = evaluator
        self._client = client

    async def played(self) -> list[Verdict]:
        """Every test, each against a server of its own."""
        return [await self._played(case) for case in self._cases.tests]

    async def live(self, live: Live) -> list[Verdict]:
        """The health check, and the tests that say that they hold for a real system.

        Where the check fails nothing more is sent: it may be another system, and many lock an account out.
        """
        health = self._document.health
        verdicts = []
        if health is not None:
            case = Case("the health check", Expect(output={}), health.operation, input=health.input)
            verdicts.append(await self._asked(case, live, any_output=True))
        is_well = not any(one.wrong for one in verdicts)
        for case in self._cases.tests:
            if case.live and is_well:
                verdicts.append(await self._asked(case, live))
            else:
                why = "the health check failed" if case.live else "it does not say `live: true`"
                verdicts.append(Verdict(case.name, [], why))
        return verdicts

    async def _filed(self, case: Case) -> Verdict:
        """As `_played`, where the system has files and answers nothing."""
        secrets = {"password": Secret("test-password")}
        async with filed(case, secrets["password"]) as files:
            outcome = await self._outcome(case, files.url, secrets, files.settings)
            wrong = list(files.wrong(case))
        return Verdict(case.name, wrong + (outcome if isinstance(outcome, list) else unlike(case.expect, outcome)))

    async def _played(self, case: Case) -> Verdict:
        if isinstance(self._document.authentication, Database):
            return Verdict(case.name, [], "nothing stands in for a database: give one by --url")
        if isinstance(self._document.authentication, Ssh):
            return await self._filed(case)
        async with Player(case.exchanges).running() as player:
            secrets = {name: Secret(f"test-{name}".ljust(_LEAST, "-")) for name in self._document.secrets}
            outcome = await self._outcome(case, player.url, secrets, {"timeout_seconds": _SECONDS})
        wrong = [*player.wrong, *player.left()]
        wrong += outcome if isinstance(outcome, list) else unlike(case.expect, outcome)
        return Verdict(case.name, wrong)

    async def _asked(self, case: Case, live: Live, *, any_output: bool = False) -> Verdict:
        outcome = await self._outcome(case, live.url, live.secrets, live.settings)
        if isinstance(outcome, list):
            return Verdict(case.name, outcome)
        is_well = any_output and outcome.output is not UNSET
        return Verdict(case.name, [] if is_well else unlike(case.expect, outcome))

    async def _outcome(
        self, case: Case, url: str, secrets: Mapping[str, Secret], more: Mapping[str, Any]
    ) -> Outcome | list[str]:
        """What came of it; a list: why it could not be tried."""
        connector = Declared(self._document, self._evaluator)
        offered = Registry([connector])
        plain = {"allow_http": True} if url.startswith("http:") else {}
        given = {"base_url": url, **plain, **self._cases.settings, **case.settings}
        form = connector.manifest.settings
        settings = schemas.with_defaults(form, {**given, **more})
        wrong = [f"settings{one.pointer}: {one.detail}" for one in schemas.check(form, settings)]
        missing = [one.name for one in connector.manifest.secrets if one.required and one.name not in secrets]
        known = [*(one.name for one in connector.manifest.secrets), _ACCESS]
        strange = [name for name in secrets if name not in known]
        wrong += [f"there is no secret `{name}`{near(name, known)}" for name in strange]
        wrong += [f"the secret `{name}` is missing: --secret-file {name}=FILE" for name in missing]
        polled = connector.polled(case.trigger)
        checked = offered.operation(connector.manifest.name, polled.operation if polled else case.operation)
        if checked is None or wrong:
            return wrong or [f"there is no operation {case.operation}"]
        # New ids for each: no test finds the session of another one.
        connection = OpenConnection(
            id=ids.new(),
            connector=self._document.name,
            settings=settings,
            secrets=dict(secrets),
            ref="con_test",
            granted=_Given(secrets.get(_ACCESS, _TOKEN)),
        )
        if case.look:
            context = Context(self._client, _TENANT, connection, case.key)
            fault = checked.fault_in_input(case.input)
            return [f"input: {fault}"] if fault else await _looked(connector, case, context)
        function = ConnectorFunction(offered, _One(connection), self._client)
        if polled is not None:
            return await _polled(polled, case, connection, function)
        return told(await function(_call(case, connection)))


class _Given:
    """What a person would have authorised: a token of the test's own, or one that was given as `access_token`."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    grant = None

    async def access(self, _leads_to: str, _renew: Renew) -> Secret:
        return self._token

    def forget(self) -> bool:
        return False


class _One:
    """The `Connections` of one test."""

    def __init__(self, connection: OpenConnection) -> None:
        self._connection = connection

    async def open(self, _tenant: UUID, _connection: UUID) -> OpenConnection:
        return self._connection


def _call(case: Case, connection: OpenConnection) -> Call:
    return Call(
        function=NAME,
        arguments={"connection": connection.connector, "operation": case.operation, "input": case.input},
        reference=f"{OF_TRIGGERS}{case.trigger}" if case.trigger else "/test",
        key=case.key,
        tenant=_TENANT,
        run=UUID(int=2),
        bindings={connection.connector: connection.id},
    )


async def _polled(
    polled: DeclaredPoll, case: Case, connection: OpenConnection, function: ConnectorFunction
) -> Outcome | list[str]:
    position = Position(cursor=case.cursor, began=_BEGAN)
    try:
        given = await polled.asks(position, connection.settings, _TENANT)
        answer = await function(
            _call(msgspec.structs.replace(case, operation=polled.operation, input=given), connection)
        )
        if not isinstance(answer, Done):
            return told(answer)
        news = await polled.reads(answer.output, position, connection.settings, _TENANT)
    except Misread as misread:
        return [misread.detail]
    except Away as away:
        return [away.reason]
    items = [_item(one, polled.event) for one in news.items]
    return Expect(news=NewsExpected(items, news.cursor))


def _item(one: Item | Unfit, kind: str) -> dict[str, Any]:
    """As it would be taken in: what the type's schema refuses makes no event."""
    if isinstance(one, Unfit):
        return {"unfit": one.detail}
    known = registry.find(kind)
    wrong = [] if known is None else schemas.check(known.schema, one.data)
    if wrong:
        return {"unfit": f"it breaks the schema of {kind} at /data{wrong[0].pointer}: {wrong[0].detail}"}
    given = {"id": one.id, "version": one.version, "subject": one.subject, "time": one.time, "data": one.data}
    return {name: value for name, value in given.items() if value is not None}


async def _looked(connector: Declared, case: Case, context: Context) -> Outcome:
    try:
        found = await connector.read_back(case.operation, case.input, context)
    except Refusal as refusal:
        return error("reconnect" if refusal.name == "authentication" else "refuse", refusal.detail)
    except Away as away:
        return error("uncertain" if away.sent else "retry", away.reason, away.seconds)
    except Misread as misread:
        return Expect(cannot_tell=misread.detail)
    if isinstance(found, Found):
        return Expect(output=found.output)
    if isinstance(found, CannotTell):
        return Expect(cannot_tell=found.why)
    return Expect(absent=True) if isinstance(found, Absent) else error("refuse", found.why)
