"""S-99: which names nobody may claim, whatever they could prove."""

from __future__ import annotations

import pytest

from tenants.organizations.domain_names import check_domain
from tenants.organizations.errors import HostTaken, InvalidField

OWN = ("api.platform.example", "edge.other.example")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Portal.North.EXAMPLE.", "portal.north.example"),
        ("north.co.uk", "north.co.uk"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("北極.example", "xn--djr833c.example"),
        ("почта.example", "xn--80a1acny.example"),
    ],
)
def test_S_99_a_name_of_ones_own_may_be_claimed(given: str, kept: str) -> None:
    assert check_domain(given, OWN) == kept


@pytest.mark.parametrize(
    "given",
    [
        "*.north.example", "north", "127.0.0.1", "0x7f.1", "[::1]", "north.example:443", "https://north.example",
        "co.uk", "github.io", "com", "example", "portal.localhost", "printer.local", "db.internal", "1.in-addr.arpa",
        "\u0430\u0440\u0440\u04cf\u0435.example",  # all of it Cyrillic, and reads apple
        "b\u0430nk.example",  # Latin with one Cyrillic letter
        "xn--80ak6aa92e.example", "\u03bf\u03c5.example", "a..b.example", "", "a_b.example",
    ],
)  # fmt: skip
def test_S_99_what_is_no_name_of_ones_own_is_refused(given: str) -> None:
    with pytest.raises(InvalidField):
        check_domain(given, OWN)


@pytest.mark.parametrize(
    "given",
    [
        "platform.example", "api.platform.example", "x.api.platform.example", "evil.platform.example",
        "edge.other.example", "a.edge.other.example", "other.example", "plätform.example", "ápi.plátform.example",
    ],
)  # fmt: skip
def test_S_99_the_operators_own_names_are_nobodys(given: str) -> None:
    if given == "plätform.example":
        # Alike, but of no name of ours as a whole: only the whole name is compared.
        assert check_domain(given, OWN).startswith("xn--")
        return
    with pytest.raises(HostTaken):
        check_domain(given, OWN)
