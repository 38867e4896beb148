"""Calls: arguments in their one form, and secrets apart from all that is evaluated before a call."""

from __future__ import annotations

from typing import Any

import pytest

from template_library.dsl import DocumentError, parse, programs
from template_library.dsl.model import (
    NOTHING,
    Constant,
    Expression,
    FunctionCallTask,
    HttpCallTask,
    ListTemplate,
    MapTemplate,
    ProtocolCallTask,
    Resource,
    Subscription,
    Template,
    Workflow,
)
from template_library.dsl.uris import filled
from tests.template_library.dsl.pairs import HEAD

AT = "/do/0/t/with"


def read(task: str, use: str = "{}") -> Workflow:
    return parse(f"{HEAD}use: {use}\ndo:\n  - t: {task}\n", whole=True)


def protocol(name: str, arguments: str, use: str = "{}") -> ProtocolCallTask:
    task = read(f"{{call: {name}, with: {arguments}}}", use).tasks["/do/0/t"]
    assert isinstance(task, ProtocolCallTask)
    return task


def shown(template: Template | None) -> Any:
    """With each expression as `=program`."""
    if isinstance(template, Expression):
        return f"={template.program}"
    if isinstance(template, MapTemplate):
        return {name: shown(member) for name, member in template.members}
    if isinstance(template, ListTemplate):
        return [shown(item) for item in template.items]
    return None if template is None else template.value


def test_endpoints_of_protocols_are_objects_and_their_policies_are_sealed() -> None:
    task = protocol(
        "openapi",
        "{document: {name: pets, endpoint: {uri: 'https://a.b', authentication: {bearer: {token: '${ .t }'}}}},"
        " operationId: find, parameters: {id: '${ .id }'}, authentication: {use: known}, output: response}",
        "{secrets: [s], authentications: {known: {basic: {use: s}}}}",
    )
    assert shown(task.arguments) == {
        "document": {"uri": "https://a.b", "name": "pets"},
        "operationId": "find",
        "parameters": {"id": "=.id"},
        "output": "response",
    }
    assert shown(task.sealed) == {
        "document": {"authentication": {"bearer": {"token": "=.t"}}},
        "authentication": {"basic": '=$secrets["s"]'},
    }


def test_a_secret_named_by_a_policy_is_an_expression_on_the_secrets() -> None:
    workflow = read(
        "{call: http, with: {method: get, endpoint: {uri: 'https://a.b', authentication: {digest: {use: my-pair}}}}}",
        "{secrets: [my-pair]}",
    )
    expected = Expression('$secrets["my-pair"]', f"{AT}/endpoint/authentication/digest/use", ("secrets",))
    task = workflow.tasks["/do/0/t"]
    assert isinstance(task, HttpCallTask)
    assert task.sealed == MapTemplate((("authentication", MapTemplate((("digest", expected),))),))
    assert workflow.expressions == (expected,)
    assert workflow.secrets == ("my-pair",)


def test_headers_with_secrets_are_sealed_and_others_are_not() -> None:
    headers = "{accept: text/plain, x-run: '${ $workflow.id }', x-key: '${ $secrets.erp.key }'}"
    task = read(
        f"{{call: http, with: {{method: get, endpoint: 'https://a.b', headers: {headers}}}}}", "{secrets: [erp]}"
    ).tasks["/do/0/t"]
    assert isinstance(task, HttpCallTask)
    assert shown(task.headers) == {"accept": "text/plain", "x-run": "=$workflow.id"}
    assert shown(task.sealed) == {"headers": {"x-key": "=$secrets.erp.key"}}
    whole = read(
        "{call: http, with: {method: get, endpoint: 'https://a.b', headers: '${ $secrets.erp }'}}", "{secrets: [erp]}"
    ).tasks["/do/0/t"]
    assert isinstance(whole, HttpCallTask)
    assert (shown(whole.headers), shown(whole.sealed)) == ({}, {"headers": "=$secrets.erp"})
    plain = read("{call: http, with: {method: get, endpoint: 'https://a.b', headers: {a: b}}}").tasks["/do/0/t"]
    assert isinstance(plain, HttpCallTask)
    assert plain.sealed == NOTHING


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("{set: {a: '${ $secrets.erp }'}}", "only inside"),
        ("{call: a2a, with: {server: 'https://a', method: tasks/get, parameters: {c: '${ $secrets.erp }'}}}", "only"),
        ("{run: {shell: {command: '${ $secrets.erp }'}}}", "only inside"),
        ("{for: {in: $secrets.erp}, do: [{x: {set: {a: 1}}}]}", "only inside"),
        ("{wait: '${ $secrets.erp }'}", "only inside"),
        ("{emit: {event: {with: {source: 'https://a', type: b, data: '${ $secrets }'}}}}", "only inside"),
        ("{call: http, with: {method: get, endpoint: 'https://a', headers: {k: '${ $secrets.epr.a }'}}}", "`erp`?"),
        ("{call: http, with: {method: get, endpoint: 'https://a', headers: {k: '${ $secrets[\"epr\"] }'}}}", "`erp`?"),
    ],
)  # fmt: skip
def test_S_36_secrets_stand_in_headers_and_policies_and_are_declared(task: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(task, "{secrets: [erp]}")
    assert [one for one in caught.value.violations if words in one.message]


def test_an_asyncapi_call_keeps_what_is_evaluated_for_each_message_apart() -> None:
    task = protocol(
        "asyncapi",
        "{document: {endpoint: 'https://a.b'}, operation: o, protocol: mqtt,"
        " server: {name: s, variables: {v: '${ .v }'}}, subscription: {filter: '${ .a }',"
        " consume: {while: '${ .b }', for: PT5S}, foreach: {item: m, do: [{x: {set: {c: '${ $m }'}}}]}}}",
    )
    assert shown(task.arguments) == {
        "document": {"uri": "https://a.b"},
        "operation": "o",
        "protocol": "mqtt",
        "server": {"name": "s", "variables": {"v": "=.v"}},
    }
    assert isinstance(task.subscription, Subscription)
    assert task.subscription.within == Constant(5000)
    assert shown(task.subscription.while_) == "=.b"
    assert task.subscription.foreach is not None
    assert task.subscription.foreach.tasks == (f"{AT}/subscription/foreach/do/0/x",)


def test_grpc_a2a_and_mcp_keep_the_form_of_the_language() -> None:
    grpc = protocol(
        "grpc",
        "{proto: {endpoint: 'https://a.b/a.proto'}, service: {name: G, port: 5011,"
        " host: '${ $runtime.metadata.parameters.h }', authentication: {bearer: {token: t}}}, method: M,"
        " arguments: {n: '${ .n }'}}",
    )
    assert shown(grpc.arguments)["service"] == {"name": "G", "host": "=$runtime.metadata.parameters.h", "port": 5011}
    assert shown(grpc.sealed) == {"service": {"authentication": {"bearer": {"token": "t"}}}}
    a2a = protocol("a2a", "{method: message/send, server: 'https://a.b/{id}', parameters: {message: {}}}")
    assert shown(a2a.arguments)["server"] == {"uri": f"={shown(filled('https://a.b/{id}', ''))[1:]}"}
    mcp = protocol(
        "mcp",
        "{method: tools/call, parameters: {name: n}, timeout: {seconds: 2}, transport: {http: {endpoint: {uri:"
        " 'https://a.b', authentication: {bearer: {use: s}}}, headers: {a: b, k: '${ $secrets.s }'}}}}",
        "{secrets: [s]}",
    )
    assert shown(mcp.arguments) == {
        "method": "tools/call",
        "parameters": {"name": "n"},
        "timeout": 2000,
        "transport": {"http": {"endpoint": {"uri": "https://a.b"}, "headers": {"a": "b"}}},
    }
    assert shown(mcp.sealed) == {
        "transport": {
            "http": {
                "endpoint": {"authentication": {"bearer": '=$secrets["s"]'}},
                "headers": {"k": "=$secrets.s"},
            }
        }
    }


def test_functions_of_catalogues_know_where_their_definitions_are() -> None:
    use = "{catalogs: {ours: {endpoint: {uri: 'https://a.b', authentication: {bearer: {token: t}}}}}}"
    workflow = read("{call: 'log:1.0.0@ours', with: {m: 1}}", use)
    task = workflow.tasks["/do/0/t"]
    assert isinstance(task, FunctionCallTask)
    assert task.catalog == "ours"
    assert task.source is not None
    assert shown(task.source.uri) == "https://a.b"
    assert shown(task.source.authentication) == {"bearer": {"token": "t"}}
    assert workflow.functions == ()
    by_url = read("{call: 'https://a.b/f.yaml', with: {m: 1}}").tasks["/do/0/t"]
    assert isinstance(by_url, FunctionCallTask)
    assert (by_url.catalog, by_url.source) == ("", Resource(Constant("https://a.b/f.yaml")))
    ours = read("{call: 'f:1.0.0@default'}", use.replace("ours", "default"))
    assert ours.functions == ()
    with pytest.raises(DocumentError, match="did you mean `ours`"):
        read("{call: 'log:1.0.0@our'}", use)


def test_a_uri_template_is_filled_in_by_an_expression() -> None:
    assert filled("https://a.b", "/x") == Constant("https://a.b")
    found = filled("https://a.b/{id}/c", "/x")
    assert isinstance(found, Expression)
    assert found.program.startswith('"https://a.b/" + (if (')
    assert found.program.endswith('+ "/c"')
    assert programs.settles_origin(found.program)
    found = filled("https://a.b/c?d={id}", "/x")
    assert isinstance(found, Expression)
    assert found.program.startswith('"https://a.b/c?d=" + (if type == "object" then .["id"]')


def test_workflows_that_are_run_are_listed_once_each() -> None:
    run = "{run: {workflow: {namespace: n, name: b, version: '1.0.0', input: {c: '${ .d }'}}}}"
    text = f"{HEAD}do:\n  - t: {run}\n  - u: {run}\n  - v: {run.replace('name: b', 'name: a')}\n"
    assert parse(text, whole=True).workflows == (("n", "a", "1.0.0"), ("n", "b", "1.0.0"))
