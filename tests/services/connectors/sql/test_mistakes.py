"""Each mistake of a connection to a database says which setting to change, and holds no secret."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from infra.egress import Client, Guard
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Failed, Later
from tests.counterparts.calling import Caller
from tests.infra.egress.test_tls import NAME, certificate
from tests.services.connectors.sql.sales import PASSWORD, STATEMENTS, Front, Sales

pytestmark = pytest.mark.certifies("sql")
READ: dict[str, Any] = {"statement": "stock", "values": {"items": ["A"]}}


@pytest.mark.parametrize(
    ("settings", "secrets", "says"),
    [
        ({}, {"password": "wrong-password"}, "the secret `password`"),
        ({"user": "nobody_there"}, {}, "Look at the setting `user`"),
        ({"base_url": "postgresql://127.0.0.1:PORT/other"}, {}, "Look at the setting `base_url`"),
        ({"base_url": "https://127.0.0.1:PORT/sales"}, {}, "The setting `base_url` is no address"),
        ({"tls": "verified"}, {}, "it offers no TLS. Have its server offer TLS; look at the setting `tls_authority`"),
        ({"statements": {}}, {}, "The statement `stock` of the setting `statements` is not there"),
        ({"statements": {"stock": {"text": "SELECT 1 FROM gone"}}}, {}, "no parameter 'items'"),
    ],
)
async def test_S_72_each_mistake_says_what_to_change_and_no_secret(
    sales: Sales, caller: Caller, settings: dict[str, Any], secrets: dict[str, str], says: str
) -> None:
    given = {
        name: one.replace("PORT", str(sales.port)) if isinstance(one, str) else one for name, one in settings.items()
    }
    caller.change(secrets=secrets, **given)
    answer = await caller.call("sql.read", READ)
    assert isinstance(answer, Failed), answer
    assert says in answer.error.detail
    assert not {PASSWORD, "wrong-password"} & set(answer.error.detail.split())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT id FROM gone", 'relation "gone" does not exist'),
        ("SELECT gone FROM stock", 'column "gone" does not exist'),
        (
            "SELECT id FROM hidden",
            "permission denied for table hidden. Give the account of the setting `user` the rights",
        ),
        ("SELECT 1 FROM", "The statement `own` of the setting `statements` cannot be used"),
        ("SELECT $1::int8", "it has 1 parameters, and 0 are declared"),
        ("SELECT 1 AS a, 2 AS a", "two of its columns have one name"),
    ],
)
async def test_a_statement_s_mistake_names_the_statement(caller: Caller, text: str, says: str) -> None:
    caller.change(statements={"own": {"text": text}})
    answer = await caller.call("sql.read", {"statement": "own"})
    assert isinstance(answer, Failed), answer
    assert says in answer.error.detail


async def test_S_72_a_secret_in_the_database_s_own_words_is_masked(caller: Caller) -> None:
    caller.change(statements={"own": {"text": "SELECT $1::text::int8 AS n", "parameters": [{"name": "n"}]}})
    answer = await caller.call("sql.read", {"statement": "own", "values": {"n": f"so {PASSWORD}"}})
    assert isinstance(answer, Failed), answer
    assert "invalid input syntax for type bigint" in answer.error.detail
    assert PASSWORD not in answer.error.detail


async def test_a_parameter_of_another_type_says_to_declare_its_kind(caller: Caller) -> None:
    caller.change(statements={"own": {"text": "SELECT $1::int8 AS n", "parameters": [{"name": "n"}]}})
    answer = await caller.call("sql.read", {"statement": "own", "values": {"n": "canary-value"}})
    assert isinstance(answer, Failed), answer
    assert "Declare the parameter by its kind" in answer.error.detail
    assert "canary-value" not in answer.error.detail


async def test_the_check_of_a_connection_finds_what_is_not_there(caller: Caller) -> None:
    assert (await caller.done("sql.check", {})) == {"statements": len(STATEMENTS) + 1}
    caller.change(statements={**STATEMENTS, "own": {"text": "SELECT id FROM gone"}})
    answer = await caller.call("sql.check", {})
    assert isinstance(answer, Failed), answer
    assert "The statement `own` of the setting `statements` cannot be used" in answer.error.detail


async def test_who_is_not_there_is_waited_for_with_the_setting_named(sales: Sales, evaluator: Expressions) -> None:
    async def nobody(_name: str, _port: int) -> list[str]:
        raise OSError

    async with Client(Guard(allow_loopback=True, resolve=nobody)) as client:
        caller = sales.caller(client, evaluator)
        for url in ("postgresql://gone.example/sales", "postgresql://127.0.0.1:9/sales"):
            caller.change(base_url=url, tls="verified")
            answer = await caller.call("sql.read", READ)
            if isinstance(answer, Failed):
                assert "Port 9" in answer.error.detail
            else:
                assert isinstance(answer, Later)
                assert "is the setting `base_url` right?" in answer.reason


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("169.254.169.254", "not public"),
        ("10.0.0.1", "not public"),
        ("127.0.0.1", "not public"),
        ("[::1]", "not public"),
        ("127.1", "malformed"),
        ("sales.example", "not public"),
    ],
)
async def test_S_50_S_51_S_52_no_database_inside_is_reached(
    sales: Sales, evaluator: Expressions, host: str, says: str
) -> None:
    async def mixed(_name: str, _port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.5"]

    async with Client(Guard(resolve=mixed)) as client:
        caller = sales.caller(client, evaluator, tls="verified")
        caller.change(base_url=f"postgresql://{host}:5432/sales")
        answer = await caller.call("sql.read", READ)
    assert isinstance(answer, Failed), answer
    assert says in answer.error.detail


async def test_tls_is_verified_against_the_address_before_the_password_is_said(
    sales: Sales, evaluator: Expressions, tmp_path: Path
) -> None:
    pem, key = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)

    async def here(_name: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async with (
        Front(sales.port, context).running() as front,
        Client(Guard(allow_loopback=True, resolve=here)) as client,
    ):
        caller = sales.caller(client, evaluator, port=front.port, tls="verified", tls_authority=pem.read_text())
        caller.change(base_url=f"postgresql://{NAME}:{front.port}/sales")
        assert (await caller.done("sql.read", READ))["rows"] == []
        for name, authority in (("other.example", pem.read_text()), (NAME, "")):
            caller.change(base_url=f"postgresql://{name}:{front.port}/sales", tls_authority=authority)
            answer = await caller.call("sql.read", READ)
            assert isinstance(answer, Later), answer
            assert "its certificate does not verify" in answer.reason
            assert "the setting `tls_authority`" in answer.reason
        caller.change(tls_authority="no certificate")
        answer = await caller.call("sql.read", READ)
        assert isinstance(answer, Failed)
        assert "look at the setting `tls_authority`" in answer.error.detail
