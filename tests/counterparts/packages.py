"""Counterparts' Python packages, each in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path


def install(environment: Path, requirements: Path) -> None:
    """Make the environment anew. By uv, which takes a twentieth of pip's processor time. Raises SystemExit."""
    venv.create(environment, with_pip=False, clear=True)
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet"]
    where: list[str | Path] = ["--python", environment / "bin/python", "--requirements", requirements]
    done = subprocess.run([*install, *where], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"The packages of {requirements} could not be installed")
