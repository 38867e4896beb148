"""Reports that mail did not arrive, as servers write them (RFC 3464), and what only looks like one."""

from __future__ import annotations

from infra.mail.reports import LARGEST, failures

MAIL = "mail_01h455vb4pex5vsknk084sn02q"


def report(
    *, action: str = "failed", status: str = "5.1.1", kind: str = "multipart/report", returned: str = "message/rfc822"
) -> bytes:
    text = f"""\
From: MAILER-DAEMON@mx.example.com
To: notices@mail.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: {kind}; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

Sorry.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Sat, 21 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; Gone@Example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--B
Content-Type: {returned}

Message-ID: <{MAIL}@mail.example>
Subject: Your invitation
From: notices@mail.example

x
--B--
"""
    return text.replace("\n", "\r\n").encode()


def test_a_permanent_failure_names_the_mail_and_its_recipient() -> None:
    for returned in ("message/rfc822", "text/rfc822-headers"):
        (found,) = failures(report(returned=returned))
        assert (found.local_id, found.address) == (MAIL, "gone@example.com")
        assert found.why.startswith("5.1.1 smtp; 550")


def test_what_only_waits_or_was_relayed_is_no_failure() -> None:
    assert failures(report(action="delayed", status="4.4.1")) == []
    assert failures(report(action="relayed", status="2.0.0")) == []
    assert failures(report(action="failed", status="4.4.7")) == []


def test_what_is_no_report_says_nothing() -> None:
    assert failures(report(kind="multipart/mixed")) == []
    assert failures(report(returned="text/plain")) == []
    assert failures(b"") == []
    assert failures(b"\xff\x00 no mail at all") == []
    assert failures(b"x" * (LARGEST + 1)) == []
