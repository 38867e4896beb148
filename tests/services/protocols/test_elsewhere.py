"""Functions and schemas of others: fetched once, and what they become of in a run."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from infra import ids
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.memory import Report, run_workflow
from services.protocols.elsewhere import gather
from services.protocols.exchange import Exchange
from services.protocols.resources.fetching import Resources
from template_library.dsl import elsewhere, parse
from template_library.dsl.elsewhere import ElsewhereError, Gathered
from template_library.dsl.model import Workflow

HEAD = "document: {dsl: 1.0.3, namespace: tests, name: elsewhere, version: 1.0.0}\n"
DOUBLE = """
input: {schema: {document: {type: object, required: [n]}}}
set: {n: '${ .n * 2 }', input: '${ $workflow.input }'}
"""
TENANT = ids.new()


async def run(workflow: Workflow, gathered: Gathered, value: Any) -> Report:
    nested = {name: elsewhere.function(name, one, name) for name, one in gathered.functions.items()}
    async with ExpressionPool(size=1) as pool:
        return await run_workflow(
            workflow,
            value,
            functions={},
            evaluator=Expressions(pool),
            run=ids.new(),
            nested=nested,
            schemas=gathered.schemas,
        )


async def test_a_function_of_a_catalogue_sees_its_arguments_alone(serve: Any, exchange: Exchange) -> None:
    url = await serve({"GET /functions/double/1.0.0/function.yaml": DOUBLE})
    text = f"""
use: {{catalogs: {{ours: {{endpoint: {{uri: {url}}}}}}}}}
do:
  - twice: {{call: "double:1.0.0@ours", with: {{n: "${{ .n }}"}}, export: {{as: "{{seen: true}}"}}}}
  - after: {{set: {{got: "${{ . }}", context: "${{ $context }}"}}}}
"""
    workflow = parse(HEAD + text)
    report = await run(workflow, await gather(workflow, TENANT, Resources(exchange)), {"n": 2, "secret": 1})
    assert report.output == {"got": {"n": 4, "input": {"n": 2}}, "context": {"seen": True}}


async def test_a_function_by_its_address_may_call_others(serve: Any, exchange: Exchange) -> None:
    url = await serve({"GET /double.yaml": DOUBLE})
    outer = await serve({"GET /outer.yaml": f"do: [{{a: {{call: '{url}/double.yaml', with: {{n: '${{ .n }}'}}}}}}]\n"})
    workflow = parse(f"{HEAD}do:\n  - x: {{call: '{outer}/outer.yaml', with: {{n: 3}}}}\n")
    gathered = await gather(workflow, TENANT, Resources(exchange))
    assert gathered.functions.keys() == {f"{outer}/outer.yaml", f"{url}/double.yaml"}
    assert (await run(workflow, gathered, {})).output["n"] == 6


async def test_a_schema_from_elsewhere_is_pinned_and_validates(serve: Any, exchange: Exchange) -> None:
    url = await serve({"GET /order.json": {"type": "object", "required": ["order"]}})
    schema = f"{{schema: {{resource: {{endpoint: '{url}/order.json'}}}}}}"
    workflow = parse(f"{HEAD}input: {schema}\ndo:\n  - x: {{set: {{ok: true}}}}\n")
    gathered = await gather(workflow, TENANT, Resources(exchange))
    assert (await run(workflow, gathered, {"order": 1})).status == "completed"
    report = await run(workflow, gathered, {})
    assert report.error is not None
    assert report.error.type.endswith("/validation")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("do:\n  - x: {call: 'URL/missing.yaml'}\n", "status 404"),
        ("do:\n  - x: {call: 'URL/no-task.yaml'}\n", "a task needs one of"),
        ("do:\n  - x: {call: 'file:///etc/passwd'}\n", "`file:` names a file"),
        ("do:\n  - x: {call: 'URL/{name}.yaml'}\n", "must be written out"),
        ("do:\n  - x: {call: 'URL/erp.yaml'}\n", "neither connections"),
    ],
)
async def test_what_cannot_be_pinned_is_refused_in_words(serve: Any, exchange: Exchange, body: str, words: str) -> None:
    erp = "call: connector:1.0.0@default\nwith: {connection: erp, operation: read}\n"
    url = await serve({"GET /no-task.yaml": "sett: {a: 1}\n", "GET /erp.yaml": erp})
    workflow = parse(HEAD + body.replace("URL", url), whole=True)  # some of it is refused before that
    with pytest.raises(ElsewhereError, match=words):
        await gather(workflow, TENANT, Resources(exchange))


async def test_S_34_functions_that_call_others_for_ever_are_refused(serve: Any, exchange: Exchange) -> None:
    async def further(request: web.Request) -> web.Response:
        return web.json_response({"call": f"{request.url.origin()}/{int(request.match_info['name']) + 1}"})

    url = await serve({"GET /{name}": further})
    workflow = parse(f"{HEAD}do:\n  - x: {{call: '{url}/1'}}\n")
    with pytest.raises(ElsewhereError, match="more than 8 deep"):
        await gather(workflow, TENANT, Resources(exchange))


@pytest.mark.parametrize(
    ("uri", "raw"),
    [
        ("https://github.com/a/b", "https://raw.githubusercontent.com/a/b/refs/heads/main"),
        ("https://github.com/a/b/tree/dev/c/d.yaml", "https://raw.githubusercontent.com/a/b/refs/heads/dev/c/d.yaml"),
        ("https://gitlab.com/g/a/b/-/blob/main/f.yaml", "https://gitlab.com/g/a/b/-/raw/main/f.yaml"),
        ("https://example.com/f.yaml", "https://example.com/f.yaml"),
    ],
)
def test_pages_of_repositories_are_read_in_their_raw_form(uri: str, raw: str) -> None:
    assert elsewhere.functions(parse(f"{HEAD}do:\n  - x: {{call: '{uri}'}}\n"))[uri] == raw
