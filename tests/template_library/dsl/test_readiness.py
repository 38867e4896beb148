"""The gate: what the engine does not run yet is refused by its name, and nothing else is."""

from __future__ import annotations

import pytest

from template_library.dsl import DocumentError, Violation, checker, parse, parse_published
from template_library.dsl.readiness import PROCESSES, UNREADY, reason
from tests.template_library.dsl.pairs import HEAD, PAIRS, Pair

_X = "[{x: {set: {a: 1}}}]"
_OPENAPI = "document: {endpoint: 'https://a.b'}, operationId: o"
_ASYNCAPI = "document: {endpoint: 'https://a.b'}, operation: o, message: {}"
_HTTP = "method: get, endpoint: 'https://a.b'"

# One task for each word, and what stands around it.
TASKS = {
    "for": f"{{for: {{in: .a}}, do: {_X}}}",
    "fork": f"{{fork: {{branches: {_X}}}}}",
    "listen": "{listen: {to: {any: []}}}",
    "try": f"{{try: {_X}, catch: {{}}}}",
    "retry": f"{{try: {_X}, catch: {{retry: {{}}}}}}",
    "wait": "{wait: PT1S}",
    "emit": "{emit: {event: {with: {source: /a, type: b}}}}",
    "run: workflow": "{run: {workflow: {namespace: a, name: b, version: latest}}}",
    "run: script": "{run: {script: {language: js, code: a}}}",
    "run: shell": "{run: {shell: {command: a}}}",
    "run: container": "{run: {container: {image: a}}}",
    "call: openapi": f"{{call: openapi, with: {{{_OPENAPI}}}}}",
    "call: grpc": "{call: grpc, with: {proto: {endpoint: 'https://a.b/a'}, service: {name: a, host: b}, method: c}}",
    "call: asyncapi": f"{{call: asyncapi, with: {{{_ASYNCAPI}}}}}",
    "call: a2a": "{call: a2a, with: {method: tasks/get, server: 'https://a.b'}}",
    "call: mcp": "{call: mcp, with: {method: tools/list, transport: {http: {endpoint: 'https://a.b'}}}}",
    "call by URL": "{call: 'https://a.b/f.yaml'}",
    "catalogs": "{call: 'f:1.0.0@c'}",
    "timeout": "{set: {a: 1}, timeout: {after: PT1S}}",
    "authentication": (
        "{call: http, with: {method: get, endpoint: {uri: 'https://a.b', authentication: {bearer: {token: a}}}}}"
    ),
    "secrets": f"{{call: http, with: {{{_HTTP}, headers: {{a: '${{ $secrets.s }}'}}}}}}",
    "authorization": f"{{call: http, with: {{{_HTTP}, headers: {{a: '${{ $authorization.scheme }}'}}}}}}",
    "resource": "{set: {a: 1}, input: {schema: {resource: {endpoint: 'https://a.b'}}}}",
    "transport: stdio": "{call: mcp, with: {method: tools/list, transport: {stdio: {command: a}}}}",
    **{
        f"protocol: {name}": f"{{call: asyncapi, with: {{{_ASYNCAPI}, protocol: {name}}}}}"
        for name in (
            [
                "amqp",
                "amqp1",
                "anypointmq",
                "googlepubsub",
                "ibmmq",
                "jms",
                "kafka",
                "mercure",
                "mqtt5",
                "nats",
                "pulsar",
                "sns",
                "solace",
                "sqs",
                "stomp",
            ]
        )
    },
}
AROUND = {
    "extensions": "use: {extensions: [{e: {extend: all}}]}",
    "schedule.every": "schedule: {every: PT1H}",
    "schedule.cron": "schedule: {cron: 0 0 * * *}",
    "schedule.after": "schedule: {after: PT1S}",
    "evaluate.mode: loose": "evaluate: {mode: loose}",
}
_USE = "use: {secrets: [s], catalogs: {c: {endpoint: 'https://a.b'}}}"
DOCUMENTS = {
    **{word: f"{HEAD}{_USE}\ndo:\n  - t: {task}\n" for word, task in TASKS.items()},
    **{word: f"{HEAD}{part}\ndo:\n  - t: {{set: {{a: 1}}}}\n" for word, part in AROUND.items()},
}


def violations(text: str, *, whole: bool = False) -> list[Violation]:
    try:
        parse(text, whole=whole)
    except DocumentError as error:
        return error.violations
    return []


@pytest.mark.parametrize("word", DOCUMENTS)
def test_a_construct_is_refused_by_its_word(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "UNREADY", frozenset({word}))
    (violation,) = violations(DOCUMENTS[word])
    assert violation.message == f"`{word}` {reason(word)}"
    assert violation.line > 1
    assert violations(DOCUMENTS[word], whole=True) == []


@pytest.mark.parametrize("word", DOCUMENTS)
def test_a_construct_that_runs_is_accepted(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "UNREADY", frozenset())
    assert violations(DOCUMENTS[word]) == []


def test_every_word_of_the_list_closes_something() -> None:
    assert set(DOCUMENTS) >= UNREADY


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.feature for pair in PAIRS])
def test_nothing_else_is_refused_for_not_being_ready(pair: Pair) -> None:
    refusals = {f"`{word}` {reason(word)}" for word in UNREADY}
    assert {one.message for one in violations(pair.right)} <= refusals


@pytest.mark.parametrize("kind", PROCESSES)
def test_a_kind_of_programs_is_open_where_a_runner_starts_it(kind: str) -> None:
    text = DOCUMENTS[f"run: {kind}"]
    assert parse(text, processes=[kind]) == parse_published(text)
    others = [one for one in PROCESSES if one != kind]
    for closed in ((), others):
        with pytest.raises(DocumentError) as caught:
            parse(text, processes=closed)
        assert "the operator has configured no isolating runner" in str(caught.value)


def test_a_runner_opens_no_server_over_standard_input() -> None:
    with pytest.raises(DocumentError):
        parse(DOCUMENTS["transport: stdio"], processes=PROCESSES)
