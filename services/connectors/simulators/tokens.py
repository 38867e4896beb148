"""Tokens that a simulated system gives out for its secret, and that end by its time."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta

from services.connectors.simulators.documents import Documents
from services.connectors.simulators.http import Asked

_KIND = "token"


class Tokens:
    """Each is told by nobody who has not the secret, and is the same in each run that asks as often."""

    def __init__(self, kept: Documents, secret: str | None, seconds: int) -> None:
        self._kept = kept
        self._secret = secret
        self.seconds = seconds

    def give(self, now: datetime) -> str:
        number = self._kept.count(_KIND) + 1
        token = hmac.new((self._secret or "").encode(), f"{number}".encode(), "sha256").hexdigest()[:32]
        self._kept.put(_KIND, token, {"id": token, "until": (now + timedelta(seconds=self.seconds)).isoformat()})
        return token

    def holds(self, token: str, now: datetime) -> bool:
        """Whether it was given out and has not ended; without a secret every token does."""
        known = self._kept.get(_KIND, token)
        return self._secret is None or (known is not None and now < datetime.fromisoformat(known["until"]))

    def forget(self) -> None:
        """None holds any more."""
        for one in self._kept.all(_KIND):
            self._kept.put(_KIND, one["id"], {**one, "until": "2000-01-01T00:00:00+00:00"})

    def is_secret(self, given: str) -> bool:
        return self._secret is None or hmac.compare_digest(given.encode(), self._secret.encode())


def pair_of(authorization: str) -> tuple[str, str]:
    """User and password of `Basic …`; empty where there are none."""
    kind, _, encoded = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded if kind.lower() == "basic" else "").decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


def is_pair(asked: Asked, secret: str | None) -> bool:
    """Whether the request has the secret as password of `Basic …`, for whatever user; without a secret all do."""
    password = pair_of(asked.headers.get("authorization", ""))[1]
    return secret is None or hmac.compare_digest(password.encode(), secret.encode())
