"""A server of files on loopback for one test of a manifest, and what lies there afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from infra.encryption.secret import Secret
from services.connectors.simulators import sftp_server
from services.connectors.trying.cases import Case

_USER: Final = "tests"
_WRITTEN: Final = 1_767_225_600
"""2026-01-01T00:00:00Z."""


class Filed:
    """`settings`: what a connection to it has, beside its base URL."""

    def __init__(self, root: Path, server: sftp_server.FileServer) -> None:
        self._root = root
        self.url = server.url
        self.settings: dict[str, Any] = {"user": _USER, "host_keys": [server.host_key]}

    def wrong(self, case: Case) -> Iterator[str]:
        """What lies there otherwise than it should, a line each."""
        for pattern, text in case.leaves.items():
            found = sorted(self._root.glob(pattern))
            if text is None:
                yield from (f"there is a file {one.relative_to(self._root)}" for one in found)
            elif not found:
                yield f"there is no file {pattern}"
            else:
                content = found[0].read_bytes().decode("utf-8", "replace")
                yield from [] if content == text else [f"{pattern} holds {content!r} in place of {text!r}"]


def _lay(case: Case, root: Path) -> None:
    """Raises ValueError: a path leads out of the folder."""
    for path, text in case.files.items():
        place = root / path
        if not place.resolve().is_relative_to(root.resolve()):
            raise ValueError(f"{path} leads out of the folder")
        if path.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
        os.utime(place, (_WRITTEN, _WRITTEN))


@asynccontextmanager
async def filed(case: Case, password: Secret) -> AsyncIterator[Filed]:
    """What the test says lies there."""
    with tempfile.TemporaryDirectory(prefix="files-") as folder:
        root = Path(folder)
        _lay(case, root)
        async with sftp_server.serving(root, _USER, password.reveal()) as server:
            yield Filed(root, server)
