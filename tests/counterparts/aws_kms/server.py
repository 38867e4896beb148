"""A moto that answers as AWS KMS and IAM do, on loopback; and a gate before it that can be as bad as a real one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from infra.embedded.ports import choose
from tests.patience import PATIENCE

ACCOUNT, REGION = "123456789012", "eu-central-1"
Mode = Literal["", "down", "slow", "hang", "throttled", "throttled-once", "revoked", "broken"]
SLOW_SECONDS = 2.0
_ERRORS = {
    "throttled": (400, "ThrottlingException"),
    "throttled-once": (400, "ThrottlingException"),
    "revoked": (400, "DisabledException"),
    "broken": (500, "KMSInternalException"),
}


class Moto:
    """Calls that make what a test stands on, unsigned, by the account's owner."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create_key(self) -> str:
        """Its ARN."""
        found = self._kms("CreateKey", {"Description": "of a test"})
        arn: str = found["KeyMetadata"]["Arn"]
        return arn

    def create_user(self, name: str, *actions: str) -> tuple[str, str]:
        """Access key and secret of a user who may do these. Three calls."""
        self._iam("CreateUser", UserName=name)
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self._iam("PutUserPolicy", UserName=name, PolicyName="its-own", PolicyDocument=policy)
        text = self._iam("CreateAccessKey", UserName=name)
        found = [re.findall(f"<{one}>(.*?)</{one}>", text) for one in ("AccessKeyId", "SecretAccessKey")]
        return found[0][0], found[1][0]

    def _kms(self, action: str, members: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"TrentService.{action}"}
        return json.loads(self._send("kms", json.dumps(members).encode(), headers))

    def _iam(self, action: str, **members: str) -> str:
        body = urlencode({"Action": action, "Version": "2010-05-08", **members}).encode()
        return self._send("iam", body, {"Content-Type": "application/x-www-form-urlencoded"})

    def _send(self, service: str, body: bytes, headers: dict[str, str]) -> str:
        credential = f"AWS4-HMAC-SHA256 Credential=owner/20260101/{REGION}/{service}/aws4_request, SignedHeaders=, "
        given = {**headers, "Authorization": credential + "Signature=0"}
        with urlopen(Request(self.url, body, given), timeout=PATIENCE) as answer:  # noqa: S310 - our own address
            content: str = answer.read().decode()
        return content


@contextmanager
def moto(place: Path, data: Path, *, unchecked: int | None = None) -> Iterator[Moto]:
    """A running one. `unchecked`: after so many calls it asks who calls, and whether they may."""
    port = choose(None)
    environment = {"PATH": os.environ["PATH"], "HOME": str(data), "AWS_DEFAULT_REGION": REGION}
    if unchecked is not None:
        environment["INITIAL_NO_AUTH_ACTION_COUNT"] = str(unchecked)
    url = f"http://127.0.0.1:{port}/"
    command = [str(place / "venv/bin/moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    log = data / f"moto-{port}.log"
    with log.open("wb") as stream, subprocess.Popen(command, env=environment, stdout=stream, stderr=stream) as server:
        try:
            until = time.monotonic() + PATIENCE
            while not _answers(url):
                if time.monotonic() > until or server.poll() is not None:
                    raise TimeoutError(log.read_text())
                time.sleep(0.1)
            yield Moto(url)
        finally:
            server.terminate()


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}moto-api/", timeout=PATIENCE):  # noqa: S310 - our own address
            return True
    except (URLError, OSError):
        return False


class Gate:
    """Hands requests on to moto. `mode` says what the next ones meet; `asked` counts them."""

    def __init__(self, port: int, behind: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.mode: Mode = ""
        self.asked = 0
        self._behind = behind

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self.asked += 1
                if self.mode == "down":
                    break
                if self.mode == "hang":
                    await asyncio.sleep(PATIENCE)
                if self.mode == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                writer.write(await self._answer(head, body))
                await writer.drain()
        writer.close()

    async def _answer(self, head: bytes, body: bytes) -> bytes:
        if self.mode in _ERRORS:
            status, kind = _ERRORS[self.mode]
            if self.mode == "throttled-once":
                self.mode = ""
            content = json.dumps({"__type": kind, "message": "of a test"}).encode()
            lines = [f"HTTP/1.1 {status} x", "Content-Type: application/x-amz-json-1.1"]
            return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content
        reader, writer = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            writer.write(re.sub(rb"(?i)connection: [^\r]*\r\n", b"", head)[:-2] + b"Connection: close\r\n\r\n" + body)
            whole = await reader.read()
        finally:
            writer.close()
        return re.sub(rb"(?i)\r\nconnection: close", b"", whole, count=1)


@asynccontextmanager
async def gate(behind: Moto) -> AsyncIterator[Gate]:
    port = choose(None)
    made = Gate(port, int(behind.url.rsplit(":", 1)[1].strip("/")))
    server = await asyncio.start_server(made.serve, "127.0.0.1", port)
    try:
        yield made
    finally:
        server.close()
