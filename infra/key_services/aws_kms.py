"""Key-encryption keys of AWS KMS: `Encrypt` wraps a tenant's key, `Decrypt` unwraps it (ADR 0054).

Asked by the guarded client with a signature of our own. What it does not answer in time, or refuses for a reason that
may pass (throttled, switched off, credentials that ended), is KeyServiceUnavailable; what it says is another key's, or
bound to something else, never opens.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import random
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec

from infra import clock
from infra.egress import Client, Destination, Failed, OneOrigin, Refused, Request, Response
from infra.egress.sigv4 import Signer
from infra.encryption.errors import KeyServiceUnavailable, SecretUnreadable
from infra.encryption.key_file import ID_BYTES
from infra.telemetry import instruments

TRY_SECONDS: Final = 5.0
"""For one answer: a service that takes two seconds is slow, and does its work."""
TRIES: Final = 3
REST_SECONDS: Final = 1.0
"""After a call that failed nobody asks for as long, so that what waits does not come over the service all at once."""
AT_ONCE: Final = 16
_OK: Final = 200
_NOBODY: Final = UUID(int=0)
_NEVER: Final = {"InvalidCiphertextException", "IncorrectKeyException"}
_SOON: Final = {"ThrottlingException", "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException"}
_SERVER: Final = 500
_log: Final = logging.getLogger(__name__)


class AwsKms:
    """A key of AWS KMS; wrapped keys begin with 8 bytes of the hash of its name (ARN).

    Args:
        endpoint: where it is asked; empty: at the public address of the key's region.
    """

    name: ClassVar[str] = "aws-kms"

    def __init__(self, arn: str, signer: Signer, endpoint: str = "") -> None:
        self._arn = arn
        self._signer = signer
        self._url = f"{endpoint or _endpoint(arn, signer.region)}/"
        self._client = Client(OneOrigin(self._url), total=TRY_SECONDS)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._rests_until = 0.0

    def __repr__(self) -> str:
        return "AwsKms()"

    @property
    def id(self) -> bytes:
        return id_of(self._arn)

    @property
    def ids(self) -> frozenset[bytes]:
        return frozenset({self.id})

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        members = {"KeyId": self._arn, "Plaintext": _text(key), "EncryptionContext": _bound(context)}
        return self.id + _bytes(await self._ask("Encrypt", members), "CiphertextBlob")

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        if wrapped[:ID_BYTES] != self.id:
            raise SecretUnreadable("The tenant key was wrapped by another key of the key service")
        blob = _text(wrapped[ID_BYTES:])
        members = {"KeyId": self._arn, "CiphertextBlob": blob, "EncryptionContext": _bound(context)}
        return _bytes(await self._ask("Decrypt", members), "Plaintext")

    async def close(self) -> None:
        """Close every connection. Safe to repeat."""
        await self._client.close()

    async def _ask(self, action: str, members: dict[str, Any]) -> dict[str, Any]:
        """What it answers; up to three tries within some seconds.

        Raises:
            SecretUnreadable: it says that this was wrapped by another key, for something else, or is damaged.
            KeyServiceUnavailable: anything else.
        """
        self._look_whether_it_rests()
        why = ""
        async with self._turns:
            # Who waited for a turn behind calls that failed does not fail at its own cost.
            self._look_whether_it_rests()
            for again in range(TRIES):
                if again:
                    await asyncio.sleep(random.uniform(0.05, 0.2) * 2**again)  # noqa: S311 (jitter, no secret)
                try:
                    answer = await self._send(action, members)
                except (Failed, Refused) as error:
                    why = error.kind if isinstance(error, Failed) else error.rule
                    if isinstance(error, Refused) or error.kind == "timeout":
                        break
                    continue
                if answer.status == _OK:
                    return _document(answer)
                why = _why(answer)
                if why in _NEVER:
                    raise SecretUnreadable("The key service cannot unwrap the tenant key: it is another's, or damaged")
                if why not in _SOON and answer.status < _SERVER:
                    break
        self._rests_until = clock.monotonic() + REST_SECONDS
        instruments.KEY_SERVICE_FAILED.add(1, why[:64])
        _log.error("the key service failed: %s", why, extra={"action": action})
        raise KeyServiceUnavailable("The key service does not answer; try again in a moment")

    def _look_whether_it_rests(self) -> None:
        if clock.monotonic() < self._rests_until:
            raise KeyServiceUnavailable("The key service did not answer a moment ago")

    async def _send(self, action: str, members: dict[str, Any]) -> Response:
        body = msgspec.json.encode(members)
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"TrentService.{action}"}
        signed = self._signer.sign("POST", self._url, headers, body, clock.now())
        request = Request(
            method="POST",
            url=self._url,
            headers={**headers, **signed.headers},
            credentials=signed.credentials,
            body=body,
            timeout=TRY_SECONDS,
            destination=Destination(allowed_origins=(self._url,), allow_http=True),
        )
        return await self._client.send(_NOBODY, request)


def id_of(arn: str) -> bytes:
    """The 8 bytes that every key wrapped by this key of the service begins with."""
    return hashlib.sha256(b"aws-kms" + arn.encode()).digest()[:ID_BYTES]


def region_of(arn: str) -> str:
    return arn.split(":")[3]


def _endpoint(arn: str, region: str) -> str:
    suffix = "amazonaws.com.cn" if arn.startswith("arn:aws-cn:") else "amazonaws.com"
    return f"https://kms.{region}.{suffix}"


def _bound(context: bytes) -> dict[str, str]:
    return {"bound-to": _text(context)}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(document: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(document[name], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise KeyServiceUnavailable("The key service gives an answer that cannot be read") from error


def _document(answer: Response) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise KeyServiceUnavailable("The key service gives an answer that cannot be read") from error


def _why(answer: Response) -> str:
    """The name of the error, without a word of what it says: that may repeat what was sent."""
    try:
        named = msgspec.json.decode(answer.body, type=dict[str, Any]).get("__type", "")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        named = ""
    shown = str(named).rpartition("#")[2]
    return shown if shown.isalnum() else f"status {answer.status}"
