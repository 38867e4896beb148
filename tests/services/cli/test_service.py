"""A server that ended is started again; one that does not come up ends nothing and is tried again."""

from __future__ import annotations

import time

import pytest

from infra.embedded.postgres import StartFailed
from services.cli.service import Service


class Moody:
    """A server that ended and refuses `refusals` starts."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.code: int | None = -9

    def returncode(self) -> int | None:
        return self.code

    def start(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StartFailed("pre-existing shared memory block")
        self.code = None

    def stop(self) -> None:
        self.code = None


def test_F_06_a_server_that_does_not_come_up_is_tried_again_and_the_operator_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("services.cli.service.time.monotonic", lambda: now)
    said: list[str] = []
    tended = Service("PostgreSQL", Moody(refusals=2))
    assert not tended.tend(said.append)
    assert said[0] == "PostgreSQL ended (killed by SIGKILL); starting it again."
    assert "shared memory" in said[1]
    assert "in 0.5 s" in said[1]
    assert not tended.tend(said.append)
    assert len(said) == 2
    now += 0.5
    assert not tended.tend(said.append)
    assert "in 1 s" in said[2]
    now += 1
    assert tended.tend(said.append)
    assert not tended.tend(said.append)
