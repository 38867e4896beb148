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

# Modules of the standard library that open connections or listen.
_NETWORK: Final = frozenset(
    {"ftplib", "http.client", "http.server", "imaplib", "nntplib", "poplib", "smtplib", "socketserver", "telnetlib"}
    | {"urllib.request", "xmlrpc.client", "logging.handlers", "multiprocessing.connection", "wsgiref.simple_server"}
)
# What opens a connection or asks for a name's address, on a socket, the event loop or asyncio.
_CONNECTS: Final = frozenset(
    {"socket", "create_connection", "connect_ex", "open_connection", "open_unix_connection", "create_unix_connection"}
    | {"sock_connect", "create_datagram_endpoint", "getaddrinfo", "gethostbyname", "gethostbyname_ex", "getnameinfo"}
    | {"gethostbyaddr"}
)
_OWN_MACHINE: Final = {
    "infra/embedded/ports.py": "binds a port of this machine to see that nobody has it",
    "infra/embedded/valkey.py": "asks the Valkey that it started itself",
    "services/cli/installation.py": "asks the API that it started itself whether it is ready",
}
"""Who may beside `infra/egress/`, and what for: none of it goes where a tenant says."""

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
    ("services/worker/files.py", "import asyncssh", "services.worker.files -> asyncssh"),
    ("services/webhooks/own_client.py", "import urllib3", "services is not allowed to import urllib3"),
    ("tenants/identity/mail.py", "import smtplib", "tenants is not allowed to import smtplib"),
    (
        "services/webhooks/aside.py",
        "import services.connectors",
        "services.webhooks is not allowed to import services.co",
    ),
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


def test_S_55_only_egress_uses_the_network_of_the_standard_library() -> None:
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


def test_S_55_nobody_else_opens_a_connection_or_asks_for_an_address() -> None:
    """By the names of what does it: `socket.socket`, `asyncio.open_connection`, the loop's own."""
    found: dict[str, str] = {}
    for file in python_files():
        if relative(file).startswith("infra/egress/"):
            continue
        for node in ast.walk(parsed(file)):
            if _connects(node):
                found.setdefault(relative(file), place(file, node.lineno))  # type: ignore[attr-defined]  # of a statement
    assert found.keys() == _OWN_MACHINE.keys(), f"the only way out is infra.egress: {found}"


def _connects(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in _CONNECTS
    if isinstance(node, ast.ImportFrom):
        return node.module in {"asyncio", "socket"} and any(alias.name in _CONNECTS for alias in node.names)
    return False


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket()",
        "socket.create_connection(('x', 1))",
        "asyncio.open_connection('x', 1)",
        "loop.getaddrinfo('x', 1)",
        "from socket import create_connection",
        "from asyncio import open_connection",
    ],
)
def test_S_55_each_way_to_connect_is_seen(code: str) -> None:
    assert any(_connects(node) for node in ast.walk(ast.parse(code)))
