"""The floors hold new code too; that the present code keeps them is `lint-imports` in `make lint`."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.house.tree import ROOT, parsed, place, python_files, relative

# Modules of the standard library that open connections or listen; `socket` is left to the contract and to reviews.
_NETWORK: Final = frozenset(
    {"ftplib", "http.client", "http.server", "imaplib", "poplib", "smtplib", "socketserver", "urllib.request"}
)

# A file that breaks a rule, its code, and the objection that it must meet.
_STEPS: Final = [
    ("services/stray/__init__.py", "", "- services.stray"),
    ("tenants/stray/__init__.py", "", "- tenants.stray"),
    ("tenants/audit/upwards.py", "import services.engine.starter", "tenants is not allowed to import services"),
    (
        "services/engine/upwards.py",
        "import services.connectors",
        "services.engine is not allowed to import services.co",
    ),
    ("template_library/impure.py", "import infra.database", "template_library is not allowed to import infra.database"),
    ("services/engine/client.py", "import aiohttp", "services.engine.client -> aiohttp"),
    ("services/worker/web.py", "import litestar", "services.worker.web -> litestar"),
    ("services/api/queue.py", "import dramatiq", "services.api.queue -> dramatiq"),
    ("infra/expression.py", "import jq", "infra.expression -> jq"),
    ("infra/other_client.py", "import httpx", "infra is not allowed to import httpx"),
]


@pytest.fixture(scope="module")
def objections(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the code in which every step is taken."""
    house: Path = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", house)
    for file in python_files():
        target = house / relative(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    for path, code, _ in _STEPS:
        target = house / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=house, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(("path", "objection"), [(path, objection) for path, _, objection in _STEPS])
def test_a_step_off_the_floors_is_named(objections: str, path: str, objection: str) -> None:
    assert objection in objections, path


def test_only_egress_uses_the_network_of_the_standard_library() -> None:
    found = []
    for file in python_files():
        if relative(file).startswith("infra/egress/"):
            continue
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                continue
            found += [place(file, node.lineno) for name in names if name in _NETWORK]
    assert not found, f"the only way out is infra.egress: {found}"
