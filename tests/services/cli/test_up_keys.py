"""What the API of a running `waybill up` holds of keys, looked for where a thief would look: in the process itself."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from infra import settings
from infra.database import Database, Scope
from infra.embedded import ports, processes
from infra.encryption.errors import KeyFileUnusable, SealingOnlyError, SecretUnreadable
from infra.encryption.key_file import read_kek_file
from infra.encryption.key_pair import derived
from infra.encryption.key_provider import FileKeyProvider, KeyWrapper
from infra.encryption.public_file import KEK_PURPOSE
from infra.key_services import choosing
from infra.settings import Settings
from tenants.connections.sealing import Row, Sealer
from tests.services.cli.test_up import Up

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
_READ = """
SELECT s.tenant_id, s.connection_id, s.field, s.version, s.key_version, s.sealed, k.wrapped, t.environment,
       i.installation_id
FROM app.connection_secret s JOIN app.tenant t USING (tenant_id) CROSS JOIN app.installation i
JOIN app.tenant_key k ON k.tenant_id = s.tenant_id AND k.version = s.key_version
"""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    started = Up(tmp_path_factory.mktemp("up") / ".waybill", ports.choose(None), "--demo")
    try:
        started.until("Ctrl-C stops everything.")
        yield started
    finally:
        if started.process.poll() is None:
            started.end(signal.SIGTERM)
        if started.process.stdout is not None:
            started.process.stdout.close()


def of(up: Up, name: str) -> list[int]:
    """The process ids of one program, with all that it started."""
    leader = up.state().children[name].pid
    ours = [int(one.name) for one in Path("/proc").glob("[0-9]*")]
    return [pid for pid in ours if processes.session(pid) == leader]


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def holds(pid: int, wanted: bytes) -> bool:
    """Whether the bytes stand anywhere in what the process may write of its memory: its own data, in every form."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in lines:
            place, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            begin, end = (int(part, 16) for part in place.split("-"))
            memory.seek(begin)
            try:
                # A part that is not there any more ends what is read of it.
                if wanted in memory.read(end - begin):
                    return True
            except OSError:
                continue
    return False


def test_A15_S_70_S_73_no_process_of_the_running_api_has_a_key_that_opens_a_connections_secret(up: Up) -> None:
    """Nor in its environment or among its open files the way to one; the worker, looked at in the same way, has it."""
    kek, own = (read_kek_file(up.home / "secrets" / name) for name in ("kek", "service-key"))
    opens = derived(kek, KEK_PURPOSE)
    api = of(up, "api")
    assert len(api) >= 2, "the server, and the process that serves"
    try:
        assert any(holds(pid, opens) for pid in of(up, "worker")), "or the search finds nothing that is there"
        assert any(holds(pid, derived(own, KEK_PURPOSE)) for pid in api), "its own key is another one"
    except PermissionError:
        pytest.skip("this machine lets nobody look into a process")
    for pid in api:
        assert not holds(pid, kek)
        assert not holds(pid, opens)
        known = environment_of(pid)
        assert str(up.home / "secrets" / "kek") not in known.values()
        assert "WAYBILL_WORKER_DATABASE_URL" not in known
        assert "WAYBILL_KEK_OLD_FILES" not in known
        opened = [one.readlink().name for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()]
        assert not {"kek", "state.json"} & set(opened)


async def test_A15_S_70_with_all_that_the_running_api_was_given_no_connections_secret_is_opened(up: Up) -> None:
    given = settings.load(environment_of(up.state().children["api"].pid))
    with pytest.raises(KeyFileUnusable):
        choosing.opening(given)
    connection = await asyncpg.connect(given.database_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT sealed FROM app.connection_secret")
    finally:
        await connection.close()
    # And had it the rows all the same, from a dump or by the worker's password:
    row = await _row(up, given)
    for wrapper in (choosing.sealing(given), FileKeyProvider(given.service_key, given.service_old_files)):
        with pytest.raises((SealingOnlyError, SecretUnreadable)):
            await _open(wrapper, row)
    token = (up.home / "secrets" / "erp-token").read_text(encoding="ascii")
    assert await _open(FileKeyProvider(up.home / "secrets" / "kek"), row) == token, "the worker's key does"


async def _row(up: Up, given: Settings) -> Any:
    """A sealed secret of the demo, with all that belongs to it."""
    app = await Database(given.database_url, pool_size=1).open()
    worker = await Database(up.state().endpoints.worker_database_url, pool_size=1).open()
    try:
        async with app.session(Scope.operator()) as session:
            tenants = [one[0] for one in await session.execute(text("SELECT tenant_id FROM app.tenant"))]
        for tenant in tenants:
            async with worker.tenant(tenant) as connection:
                if found := await connection.fetchrow(_READ):
                    return found
    finally:
        await app.close()
        await worker.close()
    raise AssertionError("the demo has a connection with a secret")


async def _open(wrapper: KeyWrapper, row: Any) -> str:
    place = Row(
        tenant_id=row["tenant_id"],
        connection_id=row["connection_id"],
        environment=row["environment"],
        revision=row["version"],
    )
    wrapped = (row["key_version"], row["wrapped"])
    found = await Sealer(wrapper).open(place, str(row["installation_id"]), row["field"], row["sealed"], wrapped)
    return found.reveal()
