"""A folder that a server of another account comes through to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reachable(data: Path) -> Iterator[Path]:
    """`data`; for root a folder of its own, which others may pass through and see nothing in, removed at the end.

    What lies below pytest's own folder would do until the next run begins: that shuts it for everybody else.
    """
    if os.geteuid() != 0:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix=f"{data.name}-") as own:
        Path(own).chmod(0o711)
        yield Path(own)
