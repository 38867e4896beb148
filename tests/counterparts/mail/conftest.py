from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from infra.embedded.ports import take
from infra.encryption.key_provider import FileKeyProvider
from tests.counterparts.mail.install import MAIL
from tests.counterparts.mail.mail_server import MailServer
from tests.counterparts.mail.mailbox import PASSWORD, USER, Box
from tests.counterparts.mail.office import HOST, SENDER, Office
from tests.counterparts.program import serving
from tests.infra.egress.test_tls import certificate
from tests.patience import PATIENCE
from tests.world import World, make_tenant


@pytest.fixture(scope="session")
def python() -> Path:
    """The server's own."""
    return MAIL.at_hand() / "venv/bin/python"


@pytest.fixture
def mail_server(python: Path, tmp_path: Path) -> Iterator[MailServer]:
    folder = tmp_path / "taken"
    folder.mkdir()
    known, key = certificate(tmp_path)
    held = [take(None) for _ in range(3)]
    command: list[str | Path] = [python, Path(__file__).with_name("server.py"), folder, known, key]
    command += [str(one.port) for one in held]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ports = msgspec.json.decode(process.stdout.readline())
        for one in held:
            one.release()
        yield MailServer(ports, folder, known)
        process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture
def box(python: Path, tmp_path: Path) -> Iterator[Box]:
    """A mailbox of pymap's, in memory, with letters in it that are very old."""
    with _box(python, tmp_path, certificate(tmp_path), USER, PASSWORD) as found:
        yield found


@pytest.fixture
def sent_box(python: Path, tmp_path: Path, mail_server: MailServer) -> Iterator[Box]:
    """Another, of the account that sends by `mail_server`."""
    pair = (mail_server.certificate, mail_server.certificate.with_name("key.pem"))
    with _box(python, tmp_path, pair, "waybill", "correct horse") as found:
        yield found


@contextmanager
def _box(python: Path, folder: Path, pair: tuple[Path, Path], user: str, password: str) -> Iterator[Box]:
    known, key = pair
    held = take(None)
    command: list[str | Path] = [python.with_name("pymap"), "--host", "127.0.0.1", "--port", str(held.port)]
    command += ["--cert", known, "--key", key, "dict", "--demo-data", "--demo-user", user]
    command += ["--demo-password", password]
    with serving(command, os.environ, folder, port=held.port, log=folder / "pymap.log"):
        held.release()
        yield Box(held.port, known, user, password)


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyProvider:
    kek = tmp_path / "kek"
    kek.write_bytes(bytes(range(32)))
    kek.chmod(0o600)
    return FileKeyProvider(kek)


@pytest.fixture
async def world(app_database: Database) -> World:
    made = await make_tenant(app_database)
    async with app_database.session(Scope.operator()) as session:
        await session.execute(
            text("INSERT INTO app.portal_host (host, partner_id) VALUES (:h, :p)"), {"h": HOST, "p": made.partner_id}
        )
        await session.execute(
            text("INSERT INTO app.mail_setting (partner_id, sender) VALUES (:p, :s)"),
            {"p": made.partner_id, "s": SENDER},
        )
        await session.commit()
    return made


@pytest.fixture
def office(world: World, app_database: Database, worker_database: Database, keys: FileKeyProvider) -> Office:
    return Office(world, app_database, worker_database, keys)
