"""Signatures as AWS's own examples have them: "Signature calculations" of Amazon S3, and the general one, of IAM.

Servers that check them are in `tests/counterparts`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.egress.sigv4 import Signer
from infra.encryption.secret import Secret

S3_KEY, IAM_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
S3 = Signer(access_key="AKIAIOSFODNN7EXAMPLE", secret_key=Secret(S3_KEY), region="us-east-1", service="s3")
AT = datetime(2013, 5, 24, tzinfo=UTC)
LATER = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "https://examplebucket.s3.amazonaws.com"
IAM_URL = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def signer(service: str, token: Secret | None = None) -> Signer:
    key = Secret(IAM_KEY)
    return Signer(access_key="AKIDEXAMPLE", secret_key=key, token=token, region="us-east-1", service=service)


def shown(by: Signer, method: str, url: str, headers: dict[str, str], body: bytes, at: datetime) -> str:
    return by.sign(method, url, headers, body, at).credentials["authorization"].reveal()


@pytest.mark.parametrize(
    ("method", "url", "body", "headers", "signature"),
    [
        ("GET", f"{HOST}/test.txt", b"", {"Range": "bytes=0-9"},
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("PUT", f"{HOST}/test%24file.text", b"Welcome to Amazon S3.",
         {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        ("GET", f"{HOST}/?lifecycle", b"", {},
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", f"{HOST}/?max-keys=2&prefix=J", b"", {},
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)  # fmt: skip
def test_a_request_to_s3_is_signed_as_it_expects(
    method: str, url: str, body: bytes, headers: dict[str, str], signature: str
) -> None:
    signed = S3.sign(method, url, headers, body, AT)
    assert signed.credentials["authorization"].reveal().endswith(f"Signature={signature}")
    assert set(signed.headers) == {"x-amz-date", "x-amz-content-sha256"}
    assert "wJalr" not in repr(S3)


def test_a_request_to_another_service_is_signed_as_it_expects() -> None:
    signed = signer("iam").sign("GET", IAM_URL, FORM, b"", LATER)
    assert signed.headers == {"x-amz-date": "20150830T123600Z"}
    assert signed.credentials["authorization"].reveal() == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_path_is_encoded_once_more_but_for_s3() -> None:
    """What AWS's own client makes of the same request: `botocore` 1.44, `SigV4Auth` and `S3SigV4Auth`."""
    url = "https://example.amazonaws.com/a%20b/c%2Fd?a-b=2&a=1"
    assert shown(signer("execute-api"), "GET", url, {}, b"", LATER).endswith(
        "34ebe255990a036b54a0124e84a8d084cc15bcece34e9b5a3fdd440be6358efc"
    )
    assert shown(signer("s3"), "GET", url, {}, b"", LATER).endswith(
        "e93bfc6ae22cdc3e677cd7c6f6c6a55324ec69a0ad419464703eae33184da08b"
    )


def test_a_session_goes_along_and_is_signed_and_nothing_is_shown() -> None:
    signed = signer("iam", Secret("a-session-token")).sign("GET", IAM_URL, FORM, b"", LATER)
    assert signed.credentials["x-amz-security-token"].reveal() == "a-session-token"
    assert "x-amz-date;x-amz-security-token" in signed.credentials["authorization"].reveal()
    assert "a-session-token" not in repr(signed)
    assert "a-session-token" not in str(signed.headers)


def test_what_goes_along_is_signed_whatever_it_is() -> None:
    """Another body, header or address has another signature."""
    known = shown(S3, "PUT", f"{HOST}/a", {}, b"1", AT)
    for method, url, body, headers in (
        ("POST", f"{HOST}/a", b"1", {}),
        ("PUT", f"{HOST}/b", b"1", {}),
        ("PUT", f"{HOST}/a?x=1", b"1", {}),
        ("PUT", f"{HOST}/a", b"2", {}),
        ("PUT", f"{HOST}/a", b"1", {"range": "bytes=0-1"}),
        ("PUT", "https://other.s3.amazonaws.com/a", b"1", {}),
    ):
        assert shown(S3, method, url, headers, body, AT) != known
