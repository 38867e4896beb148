"""The embedded services with real processes, as this user."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from infra.embedded import AlreadyRunning, Endpoints, Home, Stack, WrongVersion, processes
from infra.embedded.processes import Identity

OWNER = """
import sys
from pathlib import Path
from infra.embedded import Stack
stack = Stack.start(Path(sys.argv[1]), durable=False)
print(stack.postgres.pid, stack.valkey.pid, stack.postgres.port, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home with spaces, and a name long enough that no socket path could hold it" / ".waybill"


@pytest.fixture
def stack(home: Path) -> Iterator[Stack]:
    with Stack.start(home, durable=False) as started:
        yield started


async def fetch(url: str, query: str, *before: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        for statement in before:
            await connection.execute(statement)
        return await connection.fetchval(query)
    finally:
        await connection.close()


def identity(pid: int | None) -> Identity:
    assert pid is not None
    found = processes.identify(pid)
    assert found is not None
    return found


def wait_for_end(*ended: Identity) -> None:
    """Ends by the test's time limit at the latest."""
    while any(each.alive() for each in ended):
        os.sched_yield()


async def test_it_starts_in_a_long_path_with_spaces_and_finds_its_data_again(home: Path) -> None:
    with Stack.start(home) as first:
        ports = first.postgres.port, first.valkey.port
        first.postgres.run_sql(["CREATE TABLE app.kept AS SELECT 7 AS n"], "waybill")
        assert await fetch(first.endpoints.database_url, "SHOW fsync") == "on"
    with Stack.start(home) as second:
        assert (second.postgres.port, second.valkey.port) == ports
        assert second.postgres.run_sql(["SELECT n FROM app.kept"], "waybill") == "7"


@pytest.mark.parametrize(
    ("field", "role", "limit"),
    [
        ("database_url", "waybill_app", "5s"),
        ("worker_database_url", "waybill_worker", "15s"),
        ("migrator_database_url", "waybill_migrator", "0"),
    ],
)
async def test_no_role_of_the_product_is_strong(stack: Stack, field: str, role: str, limit: str) -> None:
    url = getattr(stack.endpoints, field)
    assert await fetch(url, "SELECT current_user::text") == role
    assert await fetch(url, "SHOW statement_timeout") == limit
    strong = (
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    assert await fetch(url, strong) is False
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(url, "CREATE TABLE app.mine (n int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(url, "CREATE TABLE public.mine (n int)")


async def test_the_migrator_becomes_owner_only_by_asking(stack: Stack) -> None:
    url = stack.endpoints.migrator_database_url
    await fetch(url, "SELECT 1", "SET ROLE waybill_owner", "CREATE TABLE app.made (n int)")
    await fetch(url, "SET ROLE waybill_doors")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(url, "SELECT * FROM app.made")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(stack.endpoints.database_url, "SET ROLE waybill_owner")


async def test_nobody_comes_in_without_a_password_or_as_superuser_over_tcp(stack: Stack) -> None:
    port = stack.postgres.port
    with pytest.raises(asyncpg.PostgresError):
        await fetch(f"postgresql://waybill_app:wrong@127.0.0.1:{port}/waybill", "SELECT 1")
    secret = stack.home.secret("waybill_admin")
    with pytest.raises(asyncpg.PostgresError):
        await fetch(f"postgresql://waybill_admin:{secret}@127.0.0.1:{port}/waybill", "SELECT 1")
    with redis.Redis(port=stack.valkey.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_what_holds_secrets_is_closed_to_others(stack: Stack) -> None:
    folder = stack.home.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    files = [*(folder / "secrets").iterdir(), folder / "valkey" / "valkey.conf"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_command_line_shows_no_password(stack: Stack) -> None:
    words = processes.command(stack.postgres.pid or 0) + processes.command(stack.valkey.pid or 0)
    assert "valkey-server" in words
    assert not [file.name for file in (stack.home.folder / "secrets").iterdir() if file.read_text() in words]


def test_a_second_owner_is_told_who_runs_there(stack: Stack) -> None:
    with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        Stack.start(stack.home.folder)


async def test_a_busy_port_is_answered_by_another(home: Path) -> None:
    with Stack.start(home, durable=False) as first:
        taken = first.postgres.port, first.valkey.port
    with (
        socket.create_server(("127.0.0.1", taken[0])),
        socket.create_server(("127.0.0.1", taken[1])),
        Stack.start(home, durable=False) as second,
    ):
        assert second.postgres.port != taken[0]
        assert second.valkey.port != taken[1]
        assert await fetch(second.endpoints.database_url, "SELECT 1") == 1


@pytest.mark.faults
async def test_F_06_postgres_stopped_at_once_recovers_on_the_same_port(stack: Stack) -> None:
    stack.postgres.run_sql(["CREATE TABLE app.kept AS SELECT 7 AS n"], "waybill")
    port = stack.postgres.port
    stack.postgres.stop_immediate()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await fetch(stack.endpoints.database_url, "SELECT 1")
    stack.postgres.start()
    assert stack.postgres.port == port
    assert stack.postgres.run_sql(["SELECT n FROM app.kept"], "waybill") == "7"


def compute(stack: Stack) -> subprocess.Popen[bytes]:
    """A backend that computes for minutes and looks at nothing else; returns when it does."""
    ask = "SELECT sum(length(md5(n::text))) FROM generate_series(1, 1000000000) n"
    words = [str(stack.postgres.bin / "psql"), "-X", "-c", ask]
    client = subprocess.Popen(
        words, env={**os.environ, **stack.postgres.admin_environment()}, stderr=subprocess.DEVNULL
    )
    busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
    while stack.postgres.run_sql([busy]) == "0":
        os.sched_yield()
    return client


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.faults
def test_F_06_a_backend_that_outlives_a_killed_postmaster_does_not_block_the_next_start(stack: Stack) -> None:
    client = compute(stack)
    server = stack.postgres
    backends = processes.inside(server.cluster.data, "postgres")
    frozen = next(each for each in backends if each.pid != server.pid)
    os.kill(frozen.pid, signal.SIGSTOP)
    port = server.port
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    while server.returncode() is None:
        os.sched_yield()
    # No `stop` before: as the next `waybill up` after a crash finds it.
    server.start()
    assert not any(backend.alive() for backend in backends)
    assert server.port == port
    assert server.run_sql(["SELECT 7"]) == "7"
    client.wait()


@pytest.mark.faults
def test_F_10_valkey_killed_comes_back_empty_on_the_same_port(stack: Stack) -> None:
    with redis.Redis.from_url(stack.endpoints.redis_url) as client:
        client.set("bell", "1")
        stack.valkey.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        stack.valkey.start()
        assert client.get("bell") is None


def start_owner(home: Path) -> tuple[subprocess.Popen[str], list[int]]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    return owner, [int(word) for word in owner.stdout.readline().split()]


def kill(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children only on Linux")
@pytest.mark.faults
def test_the_children_of_a_killed_owner_end_with_it(home: Path) -> None:
    owner, (postgres, valkey, _) = start_owner(home)
    children = identity(postgres), identity(valkey)
    kill(owner)
    wait_for_end(*children)
    with Stack.start(home, durable=False) as again:
        assert again.postgres.pid


@pytest.mark.faults
async def test_servers_that_outlive_their_owner_are_ended_by_the_next_start(home: Path) -> None:
    owner, (postgres, valkey, port) = start_owner(home)
    children = identity(postgres), identity(valkey)
    # Stopped, they cannot act on their owner's death: as on a system whose kernel tells nobody.
    os.kill(postgres, signal.SIGSTOP)
    os.kill(valkey, signal.SIGSTOP)
    kill(owner)
    assert all(child.alive() for child in children)
    with Stack.start(home, durable=False) as again:
        assert not any(child.alive() for child in children)
        assert again.postgres.port == port
        assert await fetch(again.endpoints.database_url, "SELECT 1") == 1


@pytest.mark.faults
def test_stale_files_of_a_crash_block_nothing(home: Path) -> None:
    with Stack.start(home, durable=False) as first:
        data = first.postgres.cluster.data
    # A living stranger has got the old postmaster's id: PostgreSQL by itself would refuse to start.
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n/nowhere\n127.0.0.1\n1 1\nready\n")
    (home / "run" / "postgres.child.json").write_text('{"pid": 1, "started": "another boot"}')
    (home / "run" / "valkey.child.json").write_text('{"pid": ')
    (home / "run" / "state.json").write_text("{")
    (data.parent / "draft").mkdir()
    with Stack.start(home, durable=False) as second:
        assert second.postgres.pid


def test_lost_password_files_are_made_anew(home: Path) -> None:
    with Stack.start(home, durable=False) as first:
        first.postgres.run_sql(["CREATE TABLE app.kept AS SELECT 7 AS n"], "waybill")
    for file in (home / "secrets").iterdir():
        file.unlink()
    with Stack.start(home, durable=False) as second:
        assert second.postgres.run_sql(["SELECT n FROM app.kept"], "waybill") == "7"


@pytest.mark.parametrize(("version", "advice"), [("16", "database upgrade"), ("19", "newer Waybill")])
def test_data_of_another_major_version_is_refused_with_the_way_on(home: Path, version: str, advice: str) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(WrongVersion, match=advice):
        Stack.start(home)
    assert (data / "PG_VERSION").read_text() == f"{version}\n"


def test_a_home_written_by_a_newer_product_is_refused(home: Path) -> None:
    place = Home(home)
    place.make()
    place.stamp("0.9.0")
    place.stamp("0.10.0")
    with pytest.raises(WrongVersion, match=r"0\.10\.0"):
        place.stamp("0.9.0")


async def test_a_copy_of_a_database_is_closed_like_the_first(stack: Stack) -> None:
    stack.postgres.run_sql(["CREATE TABLE app.kept AS SELECT 7 AS n"], "waybill")
    copy: Endpoints = stack.create_database("waybill_copy", template="waybill")
    assert stack.postgres.run_sql(["SELECT n FROM app.kept"], "waybill_copy") == "7"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(copy.database_url, "SELECT n FROM app.kept")
    stack.postgres.drop_database("waybill_copy")


def test_server_parameters_can_be_laid_over_ours(home: Path) -> None:
    with Stack.start(home, overrides={"max_connections": "20"}, durable=False) as started:
        assert started.postgres.run_sql(["SHOW max_connections"]) == "20"
