"""What a simulated system answers in JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from services.connectors.simulators.http import Answered


class Refused(Exception):
    """A rule of the books forbids it; `problem` is the answer's body."""

    def __init__(self, status: int, name: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.problem = {"type": f"/problems/{name}", "title": name, "status": status, "detail": detail}

    def answered(self) -> Answered:
        """As Problem Details (RFC 9457)."""
        return json(self.status, self.problem, media_type="application/problem+json")


def json(
    status: int, body: Any, headers: tuple[tuple[str, str], ...] = (), media_type: str = "application/json"
) -> Answered:
    return Answered(status, msgspec.json.encode(body), headers, media_type)


def problem(status: int, name: str, detail: str) -> Answered:
    return Refused(status, name, detail).answered()
