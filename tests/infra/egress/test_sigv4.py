"""Signatures as AWS's own examples have them (Amazon S3 API, "Signature calculations for the Authorization header")."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.egress.sigv4 import Signer
from infra.encryption.secret import Secret

SIGNER = Signer(
    key_id="AKIAIOSFODNN7EXAMPLE",
    secret=Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    region="us-east-1",
    service="s3",
)
AT = datetime(2013, 5, 24, tzinfo=UTC)
HOST = "https://examplebucket.s3.amazonaws.com"


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
def test_a_request_is_signed_as_the_service_expects(
    method: str, url: str, body: bytes, headers: dict[str, str], signature: str
) -> None:
    signed = SIGNER.headers(method, url, body, AT, headers)
    assert signed["authorization"].endswith(f"Signature={signature}")
    assert "wJalr" not in repr(SIGNER)


def test_what_goes_along_is_signed_whatever_it_is() -> None:
    """Another body, header or address has another signature."""
    known = SIGNER.headers("PUT", f"{HOST}/a", b"1", AT, {})["authorization"]
    for method, url, body, headers in (
        ("POST", f"{HOST}/a", b"1", {}),
        ("PUT", f"{HOST}/b", b"1", {}),
        ("PUT", f"{HOST}/a?x=1", b"1", {}),
        ("PUT", f"{HOST}/a", b"2", {}),
        ("PUT", f"{HOST}/a", b"1", {"range": "bytes=0-1"}),
        ("PUT", "https://other.s3.amazonaws.com/a", b"1", {}),
    ):
        assert SIGNER.headers(method, url, body, AT, headers)["authorization"] != known
