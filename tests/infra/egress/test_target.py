"""S-54, S-56: one reading of a URL."""

from __future__ import annotations

from uuid import UUID

import pytest

from infra.egress import Client, Destination, Refused, Request, canonical_origin, join
from infra.egress.target import parse


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://ok@127.0.0.1/", "userinfo"),
        ("https://user:password@erp.example.com/", "userinfo"),
        ("https://erp.example.com%40evil.example/", "host"),
        ("http://ok\\@127.0.0.1/", "url"),
        ("http:/\\127.0.0.1/", "url"),
        ("https:\\\\erp.example.com", "url"),
        ("https://erp.example.com\t/", "url"),
        ("https://erp.example.com/a b", "url"),
        ("https://erp.example.com/\r\nX: y", "url"),
        ("https://erp.example.com/%00", "url"),
        ("https://erp.example.com%00.evil.example/", "url"),
        ("https://erp.example.com/#fragment", "url"),
        ("https://erp.example.com/" + "a" * 10_000, "url"),
        ("//erp.example.com/", "url"),
        ("erp.example.com", "url"),
        ("https://", "host"),
        ("https:///path", "host"),
        ("https://:443/", "host"),
        ("https://erp..example.com/", "host"),
        ("https://-erp.example.com/", "host"),
        ("https://erp.example.com:99999999/", "host"),
        ("https://erp.example.com:/", "host"),
        ("https://[::1/", "host"),
        ("https://[v1.x]/", "host"),
        ("https://" + "a" * 64 + ".com/", "host"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://erp.example.com/", "scheme"),
        ("ftp://erp.example.com/", "scheme"),
    ],
)
def test_S_54_a_url_with_two_readings_is_refused(url: str, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(url)
    assert refused.value.rule == rule


@pytest.mark.parametrize("port", [0, 22, 25, 6379, 5432, 8443, 80])
async def test_S_54_ports_beside_443_need_a_list_and_other_protocols_stay_closed(
    strict: Client, tenant: UUID, port: int
) -> None:
    request = Request(method="GET", url=f"https://93.184.216.34:{port}/")
    with pytest.raises(Refused) as refused:
        await strict.send(tenant, request)
    assert refused.value.rule == "port"


async def test_S_54_a_listed_port_of_another_protocol_stays_closed(client: Client, tenant: UUID) -> None:
    for url in ("http://127.0.0.1:6379/", "https://93.184.216.34:22/"):
        request = Request(method="GET", url=url, destination=Destination(allow_http=True, ports=frozenset({22, 6379})))
        with pytest.raises(Refused, match="another protocol"):
            await client.send(tenant, request)


async def test_plain_http_needs_the_connections_leave(strict: Client, tenant: UUID) -> None:
    with pytest.raises(Refused) as refused:
        await strict.send(tenant, Request(method="GET", url="http://93.184.216.34/"))
    assert refused.value.rule == "scheme"


def test_names_are_compared_in_one_form() -> None:
    assert canonical_origin("HTTPS://ERP.Example.COM:443/a/b?c") == "https://erp.example.com"
    assert canonical_origin("https://erp.example.com.") == "https://erp.example.com"
    assert canonical_origin("https://bücher.example") == "https://xn--bcher-kva.example"
    assert canonical_origin("http://[::1]:80") == "http://[::1]"
    # With a Cyrillic first letter it is another name, and no credential is bound to it.
    assert canonical_origin("https://аcme.example") != "https://acme.example"  # noqa: RUF001


def test_a_path_goes_out_as_it_was_written() -> None:
    assert parse("https://erp.example.com/a%2Fb/../c?x=%20&y=é").url.raw_path_qs == "/a%2Fb/../c?x=%20&y=%C3%A9"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/x",
        "/\\evil.example",
        "https://evil.example/x",
        "../admin",
        "a/../../admin",
        "a/%2e%2e/admin",
        "a/%252e%252e/admin",
        "a/..%2fadmin",
        "%2F%2Fevil.example",
        "a\\..\\b",
        "./a",
    ],
)
def test_S_56_a_path_cannot_leave_its_base(path: str) -> None:
    with pytest.raises(Refused):
        join("https://erp.example.com/api", path)


def test_S_56_a_path_is_joined_and_never_resolved() -> None:
    assert join("https://erp.example.com/api", "orders?next=https://x.example/..") == (
        "https://erp.example.com/api/orders?next=https://x.example/.."
    )
    assert join("https://erp.example.com/api/", "/orders") == "https://erp.example.com/api/orders"
    assert join("https://erp.example.com/api", "") == "https://erp.example.com/api"
    assert canonical_origin(join("https://erp.example.com", "@evil.example/")) == "https://erp.example.com"
