"""Runs a package's scenarios: the product's interpreter and connectors, against simulators on free ports."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import egress, ids
from infra.encryption.secret import Secret
from services.connectors import function as connector
from services.connectors.builtin import all_connectors
from services.connectors.registry import Registry
from services.connectors.sdk.context import OpenConnection
from services.connectors.simulators import systems
from services.connectors.simulators.server import Server
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call
from services.engine.memory import TENANT, Report, run_workflow
from template_library import scenarios, schemas
from template_library.catalog import Package
from template_library.dsl import Workflow, parse
from template_library.scenarios import Double, Scenario
from tenants.deployments import needs

SIMULATED: Final = {kind.connector: name for name, kind in systems.KINDS.items()}
"""Simulators by the connector that speaks with them."""


class Verdict(msgspec.Struct, frozen=True):
    """How a scenario went; it passed when nothing is wrong."""

    name: str
    wrong: list[str]


class Running(msgspec.Struct, frozen=True):
    """A simulator behind one connection."""

    connection: OpenConnection
    url: str
    token: str


class Doubles:
    """The `Connections` of a scenario, and the connector function bound to them."""

    def __init__(self, running: dict[str, Running], client: egress.Client, evaluator: Expressions) -> None:
        self._open = {one.connection.id: one.connection for one in running.values()}
        self._bindings = {name: one.connection.id for name, one in running.items()}
        self._function = connector.ConnectorFunction(Registry(all_connectors(evaluator)), self, client)

    async def open(self, _tenant: UUID, connection_id: UUID) -> OpenConnection:
        return self._open[connection_id]

    async def call(self, call: Call) -> Answer:
        return await self._function(msgspec.structs.replace(call, bindings=self._bindings))


async def run_package(package: Package) -> list[Verdict]:
    """Check the package, then run its scenarios one after the other.

    Raises:
        DocumentError: the workflow or a scenario cannot be read.
        MalformedScenario: a scenario has a wrong form.
    """
    workflow = parse(package.document, filename=str(package.folder / "workflow.yaml"), functions=(connector.NAME,))
    found = scenarios.read(package.folder)
    async with ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        await check_expressions(workflow, package.document, evaluator)
        ran = [Verdict(one.name, await _run(package, workflow, one, evaluator)) for one in found]
    return [Verdict("the package", _faults(package, workflow)), *ran]


def _faults(package: Package, workflow: Workflow) -> list[str]:
    """What does not fit between manifest, workflow and parameters."""
    used, uncertain = needs.find(workflow)
    declared = {name: frozenset(need.operations) for name, need in package.manifest.connections.items()}
    wrong = [f"{one.pointer}: {one.detail}" for one in uncertain]
    wrong += [
        f"the workflow calls {operation} on `{name}`, which the manifest does not list"
        for name, need in used.items()
        for operation in sorted(need.operations - declared.get(name, frozenset()))
    ]
    document = workflow.document
    if (document.name, document.version) != (package.manifest.name, package.manifest.version):
        wrong.append(f"the workflow calls itself {document.name} {document.version}")
    return wrong


async def _run(package: Package, workflow: Workflow, scenario: Scenario, evaluator: Expressions) -> list[str]:
    parameters = schemas.with_defaults(package.parameters, scenario.parameters)
    wrong = [f"/parameters{one.pointer}: {one.detail}" for one in schemas.check(package.parameters, parameters)]
    wrong += [
        f"no simulator for {one.connector}" for one in scenario.connections.values() if one.connector not in SIMULATED
    ]
    if wrong:
        return wrong
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(egress.Client(egress.Guard(allow_loopback=True)))
        running = {
            name: await stack.enter_async_context(_simulator(double, client))
            for name, double in scenario.connections.items()
        }
        report = await run_workflow(
            workflow,
            _input(scenario, workflow),
            functions={connector.NAME: Doubles(running, client, evaluator).call},
            evaluator=evaluator,
            run=ids.new(),
            parameters=parameters,
        )
        written = {name: await _control(client, one, "GET", "state?keys=0") for name, one in running.items()}
    return _judge(scenario, report, written)


def _input(scenario: Scenario, workflow: Workflow) -> Any:
    if scenario.data is msgspec.UNSET:
        return scenario.input
    wanted = {} if workflow.trigger is None else workflow.trigger.attributes
    event = {"specversion": "1.0", "id": ids.show("evt", ids.new()), "source": "/tests", "type": "test"}
    return [{**event, **wanted, "data": scenario.data}]


def _judge(scenario: Scenario, report: Report, written: dict[str, Any]) -> list[str]:
    expect = scenario.expect
    error = msgspec.to_builtins(report.error)
    wrong = scenarios.differences(expect.status, report.status, "/status")
    if wrong and error is not None:
        wrong.append(f"the error was {msgspec.json.encode(error).decode()}")
    if expect.output is not msgspec.UNSET:
        wrong += scenarios.differences(expect.output, report.output, "/output")
    if expect.error is not msgspec.UNSET:
        wrong += scenarios.differences(expect.error, error, "/error")
    return wrong + scenarios.differences(expect.writes, written, "/writes")


@asynccontextmanager
async def _simulator(double: Double, client: egress.Client) -> AsyncIterator[Running]:
    """A simulator with books of its own, which are thrown away afterwards."""
    token = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory(prefix="scenario-") as folder:
        system = systems.start(SIMULATED[double.connector], Path(folder) / "books", token)
        simulator = Server(system, "127.0.0.1", 0, token)
        try:
            await simulator.listen()
            url = f"http://127.0.0.1:{simulator.port}"
            running = Running(_connection(double, url, token, simulator.beside), url, token)
            if double.faults:
                await _control(client, running, "PUT", "faults", msgspec.json.encode(double.faults))
            yield running
        finally:
            simulator.close()


def _connection(double: Double, url: str, token: str, files: dict[str, str]) -> OpenConnection:
    """`files`: where and by what key and account a simulator is reached that speaks files."""
    manifest = next(one.manifest for one in all_connectors() if one.manifest.name == double.connector)
    given: dict[str, Any] = {"base_url": url, "allow_http": True}
    if files:
        given = {"base_url": files["files"], "user": files["user"], "host_keys": [files["host_key"]]}
    settings = schemas.with_defaults(manifest.settings, given)
    # Of what a simulator asks for, whatever it is called, its token is the secret part.
    held = {one.name: Secret(token) for one in manifest.secrets if one.name != "private_key"}
    return OpenConnection(id=ids.new(), connector=double.connector, settings=settings, secrets=held)


async def _control(client: egress.Client, running: Running, method: str, path: str, body: bytes = b"") -> Any:
    request = egress.Request(
        method=method,
        url=f"{running.url}/_control/{path}",
        credentials={"Authorization": Secret(f"Bearer {running.token}")},
        body=body,
        destination=egress.Destination(
            allowed_origins=(running.url,), allow_http=True, ports=frozenset({int(running.url.rpartition(":")[2])})
        ),
    )
    answer = await client.send(TENANT, request)
    return msgspec.json.decode(answer.body)
