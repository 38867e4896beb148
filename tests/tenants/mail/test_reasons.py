"""Of what a mail server says only codes are kept: its words name it, and with it whose it is (row 5)."""

from __future__ import annotations

import pytest

from tenants.mail.reasons import NO_SENDER, SUPPRESSED, told, unaddressed


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <gone@acme.example>: mail.operator.example knows nobody", "a mail server answered 550 5.1.1"),
        ("recipient: 451 4.3.0 mail.operator.example is busy", "a mail server answered 451 4.3.0"),
        ("given up after 16 tries; sender: 452 mail.operator.example is full", "a mail server answered 452"),
        ("5.1.1 smtp; 550 5.1.1 mail.operator.example", "a mail server answered 5.1.1"),
        ("connection: the server did not answer", "no mail server took it"),
        ("connection: 10.0.0.5 is not mail.operator.example", "no mail server took it"),
        (f"given up after 16 tries; {NO_SENDER}", NO_SENDER),
        (SUPPRESSED, SUPPRESSED),
        ("it could not be written: LinkWithoutHost", "it could not be written: LinkWithoutHost"),
    ],
)
def test_row_5_what_is_kept_of_a_refusal_names_no_server(said: str, kept: str) -> None:
    assert told(said) == kept


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("550 5.1.1 <gone@acme.example>: nobody here", "550 5.1.1 <…@…>: nobody here"),
        ("550 gone+1@acme.example, or g.one@acme.example", "550 …@…, or …@…"),
        ("connection: the server did not answer", "connection: the server did not answer"),
    ],
)
def test_S_79_what_is_logged_of_a_refusal_names_nobody(said: str, logged: str) -> None:
    assert unaddressed(said) == logged
