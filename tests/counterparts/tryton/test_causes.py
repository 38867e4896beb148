"""Each thing that is set wrongly between the connector and a real Tryton says what to change (S-72)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from infra.encryption.secret import Secret
from services.connectors.builtin.tryton import Tryton, connector
from services.connectors.builtin.tryton.offered import MANIFEST
from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.capabilities.contracts import CREATE_ORDER, CREDIT, INVOICES, SHIPMENTS
from services.connectors.health import findings
from services.connectors.sdk.context import Context, OpenConnection
from services.connectors.sdk.errors import Refusal
from services.engine.functions import Answer, Failed, Unknown
from tests.counterparts.tryton.conftest import BOTH, TENANT, Erp

pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]
ACME = {"customer": "ACME-001"}
UNKNOWN_FIELD: tuple[Any, ...] = ("party.party.search_read", [], 0, 1, None, ["no_such_field"])
UNKNOWN_MODEL: tuple[Any, ...] = ("no.such.model.search_read", [], 0, 1, None, ["id"])
UNKNOWN_METHOD: tuple[Any, ...] = ("party.party.no_such_method", [])


class Set(Erp):
    """With other settings or secrets."""

    def __init__(self, erp: Erp, *, password: str = "", **settings: Any) -> None:
        super().__init__(erp.client, erp._proxy_port, erp._port)
        self.settings, self.password = settings, password

    async def open(self, _tenant: Any, _connection: Any) -> OpenConnection:
        known = self.connection(self._proxy_port)
        secrets = {"password": Secret(self.password)} if self.password else known.secrets
        return msgspec.structs.replace(known, settings={**known.settings, **self.settings}, secrets=secrets)

    async def check(self) -> tuple[str, str]:
        """What a check of the connection says: the kind of its error, and what to change."""
        context = Context(self.client, TENANT, await self.open(None, None), "k")
        context.quiet = True
        asked = MANIFEST.health
        assert asked is not None
        with pytest.raises(Refusal) as refused:
            await Tryton().call(asked.operation, asked.input, context)
        error = findings.unopened(refused.value)
        return error.error, error.detail


def told(answer: Answer) -> tuple[str, str]:
    assert isinstance(answer, Failed), answer
    return answer.error.type.rpartition("/")[2], answer.error.detail


async def test_S_72_a_wrong_password_names_the_secret_and_the_user(erp: Erp) -> None:
    wrong = Set(erp, password="canary-no-such-password")  # noqa: S106 (no password)
    kind, detail = told(await wrong.call(CREDIT, ACME))
    assert (kind, await wrong.check()) == ("authentication", (kind, detail))
    assert "look at the setting `user` and the secret `password`" in detail
    assert "canary" not in detail


async def test_S_72_a_wrong_database_names_the_setting(erp: Erp) -> None:
    wrong = Set(erp, database="no_such_database")
    kind, detail = told(await wrong.call(CREDIT, ACME))
    assert (kind, await wrong.check()) == ("configuration", (kind, detail))
    assert "look at the setting `database`" in detail
    assert "base_url" not in detail


async def test_S_72_an_address_below_the_erp_s_names_the_setting(erp: Erp) -> None:
    wrong = Set(erp, base_url=f"http://127.0.0.1:{erp._port}/below/it")
    for kind, detail in (told(await wrong.call(CREDIT, ACME)), await wrong.check()):
        assert kind == "configuration"
        assert "the setting `base_url`" in detail
        assert "`database`" not in detail


@pytest.mark.parametrize(
    ("groups", "missing", "unread"),
    [
        ((), "Accounting, Sales, Stock", "sale.sale and stock.shipment.out and account.invoice"),
        (("Stock",), "Accounting, Sales", "sale.sale and account.invoice"),
    ],
)
async def test_S_72_a_user_without_its_groups_is_told_which(
    erp: Erp, person: Callable[..., str], groups: tuple[str, ...], missing: str, unread: str
) -> None:
    narrow, helps = Set(erp, user=person(*groups)), f"Give the user in the setting `user` the groups {missing}"
    kind, detail = told(await narrow.call(INVOICES, {}))
    assert kind == "authorization"
    assert detail.endswith(helps)
    assert await narrow.check() == (kind, f"Its user may not read {unread}. {helps}")


async def test_S_72_a_write_that_a_group_is_missing_for_names_it_and_leaves_nothing(
    erp: Erp, person: Callable[..., str], order: Any, key: str
) -> None:
    kind, detail = told(await Set(erp, user=person("Stock", "Accounting")).create(order, key))
    assert kind == "authorization"
    assert detail.endswith("the groups Sales")
    assert await erp.sales(order, key) == []


async def test_what_the_books_refuse_is_no_missing_group(erp: Erp, order: Any, key: str) -> None:
    kind, detail = told(await erp.create(order | {"customer": "TIGHT-001"}, key))
    assert kind == "communication"
    assert "groups" not in detail


@pytest.mark.parametrize("asked", [UNKNOWN_FIELD, UNKNOWN_MODEL], ids=["field", "model"])
async def test_S_72_a_part_that_the_erp_lacks_is_no_outage(
    erp: Erp, monkeypatch: pytest.MonkeyPatch, asked: tuple[Any, ...], order: Any
) -> None:
    async def asks(_values: Any, rpc: Rpc) -> Any:
        return await rpc.model(*asked)

    monkeypatch.setitem(connector._CALLS, CREDIT, asks)
    monkeypatch.setitem(connector._CALLS, CREATE_ORDER, asks)
    kind, detail = told(await erp.call(CREDIT, ACME))
    assert (kind, await Set(erp).check()) == ("configuration", (kind, detail))
    assert "the modules sale, stock, account_invoice_stock and sale_credit_limit" in detail
    assert "`base_url`" in detail
    # What was written before it nobody knows.
    assert isinstance(await erp.call(CREATE_ORDER, order), Unknown)


async def test_S_72_what_the_erp_forbids_names_the_groups(erp: Erp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asks(_values: Any, rpc: Rpc) -> Any:
        return await rpc.model(*UNKNOWN_METHOD)

    monkeypatch.setitem(connector._CALLS, CREDIT, asks)
    kind, detail = told(await erp.call(CREDIT, ACME))
    assert kind == "authorization"
    assert "status 403" in detail
    assert detail.endswith("the rights Sales, Stock, Accounting")
    assert (await Set(erp).check())[0] == "authorization"


async def test_S_72_an_answer_in_another_form_is_said_to_be_one(erp: Erp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asks(_values: Any, rpc: Rpc) -> Any:
        return (await rpc.model("party.party.search_read", [], 0, 1, None, ["code"]))["rows"]

    monkeypatch.setitem(connector._CALLS, SHIPMENTS, asks)
    kind, detail = told(await erp.call(SHIPMENTS, {}))
    assert kind == "communication"
    assert "its answer has another form than that of Tryton 8.2" in detail


async def test_a_login_that_is_let_in_tells_nothing_of_the_password(erp: Erp) -> None:
    context = Context(erp.client, TENANT, erp.connection(erp._port), "k")
    assert "connector-pass" not in repr(await Sessions().open(context))
