"""n8n 1.123 from npm in a folder of its own, which takes minutes once, and servers of it.

Its licence (Sustainable Use) lets everybody use it within their own business: it runs beside the product's tests, and
nothing of it is imported, shipped or changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from infra.embedded.ports import choose
from tests.counterparts import program
from tests.patience import PATIENCE

PACKAGES: Final = ("n8n@1.123.81",)
VERSION: Final = "n8n 1.123.81"
TOKEN: Final = secrets.token_urlsafe(24)
SECRET: Final = secrets.token_urlsafe(32)
"""What its workflows sign with."""
_QUIET: Final = {
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_TEMPLATES_ENABLED": "false",
    "N8N_PERSONALIZATION_ENABLED": "false",
    "N8N_HIRING_BANNER_ENABLED": "false",
    "N8N_COMMUNITY_PACKAGES_ENABLED": "false",
    "N8N_RUNNERS_ENABLED": "false",
    "N8N_EXPRESSION_ENGINE": "legacy",  # the other is isolated, by what would have to be compiled
    "N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS": "false",
    "N8N_LOG_LEVEL": "warn",
    "EXTERNAL_FRONTEND_HOOKS_URLS": "",
    "NODE_ENV": "production",
}


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Raises SystemExit."""
    place = home.absolute() / "counterparts" / "n8n"
    wanted = " ".join(PACKAGES)
    if not (place / "made.txt").exists() or (place / "made.txt").read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        # Its library of spreadsheets it names by an address and by no registry. Nothing here opens one.
        (place / "package.json").write_text(json.dumps({"private": True, "overrides": {"xlsx": "0.18.5"}}))
        environment = {**os.environ, **_QUIET}
        program.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES], environment, place)
        # The one that is compiled, or fetched compiled.
        program.run(["npm", "rebuild", "sqlite3", "--foreground-scripts"], environment, place)
        (place / "made.txt").write_text(wanted)
    return place


@contextmanager
def running(place: Path, data: Path, workflows: list[dict[str, Any]]) -> Iterator[int]:
    """Serve `workflows`, active, from `data` until the block ends; gives the port.

    Raises:
        RuntimeError: it does not serve.
    """
    port = choose(None)
    own = {
        **os.environ,
        **_QUIET,
        "N8N_USER_FOLDER": str(data),
        "N8N_ENCRYPTION_KEY": "a-key-of-the-tests-alone",
        "N8N_PORT": str(port),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_RUNNERS_BROKER_PORT": str(choose(None)),
    }
    bearer = {"name": "Authorization", "value": f"Bearer {TOKEN}"}
    credential = {"id": "callers", "name": "callers", "type": "httpHeaderAuth", "data": bearer}
    (data / "credentials.json").write_text(json.dumps([credential]))
    (data / "workflows.json").write_text(json.dumps(workflows))
    command = ["node", str(place / "node_modules" / "n8n" / "bin" / "n8n")]
    program.run([*command, "import:credentials", f"--input={data / 'credentials.json'}"], own, place)
    program.run([*command, "import:workflow", f"--input={data / 'workflows.json'}"], own, place)
    program.run([*command, "update:workflow", "--all", "--active=true"], own, place)
    with program.serving([*command, "start"], own, place, port=port, log=data / "log"):
        _wait(port, [one["id"] for one in workflows], data / "log")
        yield port


def _wait(port: int, paths: list[str], log: Path) -> None:
    """It listens at their paths some time behind its port."""
    until = time.monotonic() + PATIENCE
    while not all(_listens(port, one) for one in paths):
        if time.monotonic() > until:
            raise RuntimeError("its workflows are not active:\n" + log.read_text(errors="replace")[-2000:])
        time.sleep(0.2)


def _listens(port: int, path: str) -> bool:
    """Whether it asks who comes: without the token nothing begins."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
        line.request("POST", f"/webhook/{path}", b"{}", {"content-type": "application/json"})
        return line.getresponse().status != HTTPStatus.NOT_FOUND


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
