"""The signature, by the example that AWS documents for it."""

from __future__ import annotations

from datetime import UTC, datetime

from infra.encryption.secret import Secret
from infra.key_services.sigv4 import Signer

KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
URL = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def signer(token: Secret | None = None) -> Signer:
    return Signer(access_key="AKIDEXAMPLE", secret_key=Secret(KEY), token=token, region="us-east-1", service="iam")


def test_a_signature_is_that_of_the_documented_example() -> None:
    found = signer().sign("GET", URL, HEADERS, b"", NOW)
    assert found["x-amz-date"].reveal() == "20150830T123600Z"
    assert found["authorization"].reveal() == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_session_goes_along_and_is_signed_and_nothing_is_shown() -> None:
    found = signer(Secret("a-session-token")).sign("GET", URL, HEADERS, b"", NOW)
    assert found["x-amz-security-token"].reveal() == "a-session-token"
    assert "x-amz-date;x-amz-security-token" in found["authorization"].reveal()
    assert "a-session-token" not in repr(found)
    assert KEY not in repr(signer())
