"""The operator's isolating runner: a service outside of our processes that starts programs (docs/operator/runner.md).

It is the operator's alone: its address and token come from the settings, and no document can name or choose them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.egress import Client, Destination, OneOrigin, Request, Response
from infra.encryption.secret import Secret
from infra.settings import Settings
from services.engine import values

VERSION: Final = 1
OUTPUT_BYTES: Final = 4 * 1024 * 1024
"""Of standard output and standard error together."""
ORDER_BYTES: Final = 4 * 1024 * 1024
WAIT_SECONDS: Final = 20
"""How long a runner that can answer later is asked to hold a request (RFC 7240, `wait`)."""
HELD_SECONDS: Final = 600.0
_GRACE_SECONDS: Final = 10.0
_HEALTH_SECONDS: Final = 5.0
_NOBODY: Final = UUID(int=0)


class Health(msgspec.Struct, frozen=True):
    """What a runner says of itself: the version of the protocol and what it starts."""

    version: int
    kinds: list[str]


class Runner:
    """One for the process. `kinds` are those that the operator lets documents start."""

    def __init__(
        self, url: str, token: Secret, *, kinds: tuple[str, ...], seconds: float = 60.0, repeats: bool = False
    ) -> None:
        """`seconds` a program may run; `repeats`: an order whose answer was lost may be sent again by its key."""
        self.kinds = kinds
        self.seconds = seconds
        self.repeats = repeats
        self._url = url
        self._token = token
        self._held = min(seconds, HELD_SECONDS) + _GRACE_SECONDS
        self._client = Client(OneOrigin(url), total=self._held)

    @classmethod
    def of(cls, settings: Settings) -> Runner | None:
        """The one that the operator configured, None where there is none."""
        if settings.runner_token is None or not settings.runner_url:
            return None
        return cls(
            settings.runner_url,
            settings.runner_token,
            kinds=settings.runner_kinds,
            seconds=settings.runner_seconds,
            repeats=settings.runner_repeats,
        )

    async def close(self) -> None:
        """Close every connection. Safe to repeat."""
        await self._client.close()

    async def order(self, tenant: UUID, key: str, order: dict[str, Any], *, wait: bool) -> Response:
        """Have a program started, or ask for the one that was started by this key.

        Raises:
            infra.egress.Failed: there was no answer; `sent` says whether the program may have been started.
            infra.egress.Refused: the settings lead where nothing may be sent.
        """
        prefer = f"wait={WAIT_SECONDS}" if wait else "respond-async"
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "Prefer": prefer}
        return await self._client.send(tenant, self._request("POST", "processes", values.encode(order), headers))

    async def health(self) -> Health | str:
        """What it says of itself, or in words why it is no runner that can be used.

        Raises:
            infra.egress.Failed, infra.egress.Refused: as `order`.
        """
        response = await self._client.send(_NOBODY, self._request("GET", "health", timeout=_HEALTH_SECONDS))
        if response.status != HTTPStatus.OK:
            return f"answers {response.status}"
        try:
            return msgspec.json.decode(response.body, type=Health)
        except (msgspec.DecodeError, RecursionError):
            return "gives an answer that is none of a runner"

    def masked(self, text: str) -> str:
        """`text` without the token, should the other side have repeated it."""
        return text.replace(self._token.reveal(), "***")

    def _request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, timeout: float = 0.0
    ) -> Request:
        return Request(
            method=method,
            url=f"{self._url}/v{VERSION}/{path}",
            headers={"Accept": "application/json", **(headers or {})},
            credentials={"Authorization": Secret(f"Bearer {self._token.reveal()}")},
            body=body,
            timeout=timeout or self._held,
            destination=Destination(allowed_origins=(self._url,), allow_http=True),
        )
