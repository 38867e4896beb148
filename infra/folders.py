"""Folders that outlive the machine's own end, as the files in them are to. What is here waits for the disk."""

from __future__ import annotations

import os
from pathlib import Path


def make(folder: Path, mode: int) -> None:
    """With those above it, each on the disk before anything is in it. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
        sync(one.parent)


def sync(folder: Path) -> None:
    """What has a name in it keeps it. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
