"""The connector of any HTTP API against the interface of a real shop: what it does with what others really answer."""

from __future__ import annotations

import pytest

from infra.egress import Client
from services.connectors.builtin.http import Http
from services.engine.expressions.evaluator import NOWHERE
from services.engine.functions import Done, Failed, Later, Unknown
from tests import certifying
from tests.counterparts.calling import Caller
from tests.counterparts.oscar.conftest import Buyer
from tests.counterparts.oscar.install import BUYER, PASSWORD, STAFF, VERSION
from tests.counterparts.proxy import Fault, Proxy

pytestmark = pytest.mark.certifies("http")
ASK = "http.request"


@pytest.fixture
def http(client: Client, proxy: Proxy) -> Caller:
    certifying.saw("http", VERSION)
    settings = {"authentication": "basic", "user": STAFF}
    url = f"http://127.0.0.1:{proxy.port}/api"
    return Caller("http", url, client, NOWHERE, settings=settings, secrets={"password": PASSWORD}, connector=Http())


async def test_what_is_read_comes_as_json_with_its_headers(http: Caller) -> None:
    answer = await http.done(ASK, {"path": "products/", "query": {"title": "none, & such"}})
    assert (answer["status"], answer["headers"]["content-type"]) == (200, "application/json")
    assert answer["body"]["results"]
    page = await http.done(ASK, {"path": "products/", "headers": {"Accept": "text/html"}})
    assert page["body"].lstrip().startswith("<!DOCTYPE html>")


async def test_credentials_decide_what_may_be_seen(http: Caller) -> None:
    assert (await http.done(ASK, {"path": "admin/orders/"}))["status"] == 200
    for change, name, status in (
        ({"secrets": {"password": "wrong-password"}}, "authentication", 401),
        ({"user": BUYER[0], "secrets": {"password": BUYER[1]}}, "authorization", 403),
    ):
        http.change(**change)
        answer = await http.call(ASK, {"path": "admin/orders/"})
        assert isinstance(answer, Failed), answer
        assert (answer.error.type.rpartition("/")[2], answer.error.status) == (name, status)
        assert "wrong-password" not in answer.error.detail


@pytest.mark.parametrize(("path", "status"), [("nothing/", 404), ("admin/orders/999999/", 404)])
async def test_what_is_no_answer_is_a_refusal_with_its_status(http: Caller, path: str, status: int) -> None:
    answer = await http.call(ASK, {"path": path})
    assert isinstance(answer, Failed), answer
    assert answer.error.status == status


async def test_a_body_that_the_shop_refuses_is_told_in_its_words(http: Caller) -> None:
    answer = await http.call(ASK, {"method": "POST", "path": "basket/add-product/", "body": {"quantity": 1}})
    assert isinstance(answer, Failed), answer
    assert answer.error.status in {400, 406}
    assert "required" in answer.error.detail


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned"])
async def test_F_03_a_post_goes_out_once_and_a_person_decides(
    http: Caller, buyer: Buyer, proxy: Proxy, fault: Fault
) -> None:
    http.change(user=BUYER[0], secrets={"password": BUYER[1]})
    product = (await buyer.ask("GET", "products/"))["results"][0]["url"]
    before = sum(one["quantity"] for one in await _lines(http))
    proxy.once("add-product", fault)
    values = {"method": "POST", "path": "basket/add-product/", "body": {"url": product, "quantity": 1}}
    assert isinstance(await http.call(ASK, values), Unknown)
    await proxy.settle()
    assert proxy.met == 1
    assert sum(one["quantity"] for one in await _lines(http)) == before + (fault != "lost")


async def test_F_03_what_reads_is_asked_again(http: Caller, proxy: Proxy) -> None:
    proxy.once("products", "lock-503")
    answer = await http.call(ASK, {"path": "products/"})
    assert isinstance(answer, Later), answer
    assert isinstance(await http.call(ASK, {"path": "products/"}), Done)


async def _lines(http: Caller) -> list[dict[str, int]]:
    """Of the basket, which names the address that has them."""
    address = str((await http.done(ASK, {"path": "basket/"}))["body"]["lines"])
    found: list[dict[str, int]] = (await http.done(ASK, {"path": address.partition("/api/")[2]}))["body"]["results"]
    return found
