from __future__ import annotations

import pytest

from tenants.identity import totp

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("moment", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standards_own_table(moment: int, code: str) -> None:
    """RFC 6238, appendix B, with six of its eight digits."""
    assert totp.code_at(SECRET, moment // totp.STEP_SECONDS) == code
    assert totp.step_of(SECRET, code, moment) == moment // totp.STEP_SECONDS


def test_a_neighbours_code_counts_as_its_own_step_and_no_other() -> None:
    codes = {around: totp.code_at(SECRET, 1000 + around) for around in (-2, -1, 0, 1, 2)}
    found = {around: totp.step_of(SECRET, code, 30_000.0) for around, code in codes.items()}
    assert found == {-2: None, -1: 999, 0: 1000, 1: 1001, 2: None}


@pytest.mark.parametrize("text", ["", "0", "abcdef", "000000", "২৮৭০৮২", "287082 "])
def test_other_texts_are_no_code(text: str) -> None:
    assert totp.step_of(SECRET, text, 59) is None


def test_what_an_app_reads_names_the_partner_and_the_person() -> None:
    uri = totp.uri(SECRET, "North & Sons: Portal", "clerk@acme.example")
    assert uri.startswith("otpauth://totp/North%20%26%20Sons%3A%20Portal:clerk@acme.example?secret=GEZDGNBV")
    assert "issuer=North%20%26%20Sons%3A%20Portal" in uri
