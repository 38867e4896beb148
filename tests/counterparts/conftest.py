"""Systems that take apt, npm or minutes to install are left alone but by `make counterparts TEST=NAME`."""

from __future__ import annotations

import os
from typing import Final

import pytest

from tests.counterparts.recording import RECORDS, WAITING

ASKED: Final = ("rt", "oscar", "vendure", "sftp", "dovecot", "n8n", "way")
collect_ignore = [name for name in ASKED if name != os.environ.get("COUNTERPART")]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What was recorded is kept where every test of it passed: a run of some certifies nothing."""
    if RECORDS and exitstatus == pytest.ExitCode.OK and not session.config.option.keyword:
        for write in WAITING:
            write()
