"""From which network a request comes: nobody chooses it by a header (S-66)."""

from __future__ import annotations

import ipaddress

import pytest

from services.api.client_network import network_of

PROXIES = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "fd00::/8"))


def asked(client: str | None, *forwarded: str, proxies: bool = True) -> str:
    headers = [(b"x-forwarded-for", text.encode("latin-1")) for text in forwarded]
    scope = {"client": None if client is None else (client, 1), "headers": [(b"forwarded", b"for=9.9.9.9"), *headers]}
    return network_of(scope, PROXIES if proxies else ())


@pytest.mark.parametrize(
    ("client", "forwarded", "network"),
    [
        # Without a proxy that is trusted, what a client sends says nothing.
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),
        ("203.0.113.7", ("10.0.0.1", "10.0.0.2"), "203.0.113.7"),
        # With one, its own word counts, and what the client had sent before it does not.
        ("10.1.1.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.1.1.1", ("1.1.1.1, 2.2.2.2, 198.51.100.1",), "198.51.100.1"),
        ("10.1.1.1", ("1.1.1.1", "198.51.100.1"), "198.51.100.1"),
        ("10.1.1.1", ("198.51.100.1, 10.2.2.2, fd00::5",), "198.51.100.1"),
        ("10.1.1.1", ("1.1.1.1, 198.51.100.1, 10.2.2.2",), "198.51.100.1"),
        ("fd00::1", ("198.51.100.1:55123",), "198.51.100.1"),
        ("10.1.1.1", ("[2001:db8:1:2:3:4:5:6]:443",), "2001:db8:1:2::/64"),
        # What is no address ends the list there: the last that is vouched for stays.
        ("10.1.1.1", (), "10.1.1.1"),
        ("10.1.1.1", ("",), "10.1.1.1"),
        ("10.1.1.1", ("198.51.100.1, unknown",), "10.1.1.1"),
        ("10.1.1.1", ("198.51.100.1, ' OR 1=1, 10.3.3.3",), "10.3.3.3"),
        ("10.1.1.1", ("\xff" * 4000,), "10.1.1.1"),
        ("10.1.1.1", ("," * 4000,), "10.1.1.1"),
        # A socket without addresses.
        (None, ("198.51.100.1",), ""),
        ("", ("198.51.100.1",), ""),
    ],
)
def test_S_66_the_address_is_of_the_socket_or_of_a_trusted_proxy(
    client: str | None, forwarded: tuple[str, ...], network: str
) -> None:
    assert asked(client, *forwarded) == network


def test_S_66_without_proxies_no_header_counts() -> None:
    assert asked("10.1.1.1", "198.51.100.1", proxies=False) == "10.1.1.1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("203.0.113.1", "203.0.113.2", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("::ffff:203.0.113.1", "::ffff:203.0.113.2", False),
    ],
)
def test_S_66_a_network_is_an_ipv4_address_or_an_ipv6_64(one: str, other: str, *, same: bool) -> None:
    assert (asked(one) == asked(other)) is same
