"""Files over SSH go by the rules of all else, to a server whose key is known, with what was given alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncssh
import msgspec
import pytest

from infra.egress import Client, Destination, Dial, Failed, Guard, Refused
from infra.egress.sftp import Login, SftpRefused, opened
from infra.encryption.secret import Secret
from services.connectors.simulators import sftp_server
from services.connectors.simulators.faults import Chance, Faults
from services.connectors.simulators.sftp_server import FileServer

PASSWORD = "canary-password"  # noqa: S105 (a server on loopback)
SECONDS = 60.0
LISTEN = asyncssh.listen


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[FileServer]:
    async with sftp_server.serving(tmp_path / "served", "acme", PASSWORD) as found:
        yield found


@pytest.fixture
def login(server: FileServer) -> Login:
    return Login(user="acme", host_keys=(server.host_key,), password=Secret(PASSWORD))


def to(server: FileServer) -> Dial:
    port = int(server.url.rpartition(":")[2])
    return Dial(
        protocol="sftp", host="127.0.0.1", port=port, tls=False, destination=Destination(ports=frozenset({port}))
    )


async def refused(client: Client, tenant: UUID, server: FileServer, login: Login) -> SftpRefused:
    with pytest.raises(SftpRefused) as found:
        async with opened(client.plugged(tenant, to(server)), login, SECONDS):
            pass
    return found.value


async def test_files_are_listed_read_and_written_at_once_or_not_at_all(
    client: Client, tenant: UUID, server: FileServer, login: Login, tmp_path: Path
) -> None:
    root = tmp_path / "served"
    (root / "out").mkdir()
    (root / "out" / "a.csv").write_bytes(b"a" * 70_000)
    (root / "out" / "link.csv").symlink_to(tmp_path)
    (root / "out" / "deeper").mkdir()
    async with opened(client.plugged(tenant, to(server)), login, SECONDS) as files:
        assert [(one.name, one.size) for one in await files.entries("out")] == [("a.csv", 70_000)]
        assert await files.read("out/a.csv", 70_000) == b"a" * 70_000
        with pytest.raises(Failed, match="more than 10 bytes"):
            await files.read("out/a.csv", 10)
        assert await files.find("out/b.csv") is None
        first = await files.put("out/b.csv", b"broken off")
        second = await files.put("out/b.csv", b"b")
        assert (first.before, second.before) == ((), (first.path,)), "what was broken off is found"
        await files.remove(first.path)
        aside = second.path
        assert [one.name for one in await files.entries("out")] == [aside.rpartition("/")[2], "a.csv"]
        assert aside.startswith("out/.b.csv.")
        with pytest.raises(SftpRefused) as there:
            await files.rename(aside, "out/a.csv")
        await files.rename(aside, "out/b.csv")
        for path in ("out/none.csv", "none/a.csv"):
            with pytest.raises(SftpRefused) as absent:
                await files.read(path, 10)
            assert absent.value.why == "absent"
    assert there.value.why == "exists"
    assert (root / "out" / "a.csv").stat().st_size == 70_000
    assert (root / "out" / "b.csv").read_bytes() == b"b"


async def test_a_server_with_another_key_is_told_nothing(
    client: Client, tenant: UUID, server: FileServer, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def admits(_server: FileServer, _user: str, password: str) -> bool:
        asked.append(password)
        return True

    monkeypatch.setattr(FileServer, "admits", admits)
    other = asyncssh.generate_private_key("ssh-ed25519")
    for key in (other.get_fingerprint(), other.export_public_key().decode()):
        found = await refused(client, tenant, server, msgspec.structs.replace(login, host_keys=(key,)))
        assert (found.why, found.detail) == ("host-key", f"ssh-ed25519 {server.host_key}")
    assert asked == []
    found = await refused(client, tenant, server, msgspec.structs.replace(login, host_keys=("ssh-rsa AAAA",)))
    assert found.why == "host-key"


async def test_credentials_are_those_that_were_given(
    client: Client, tenant: UUID, server: FileServer, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await refused(client, tenant, server, msgspec.structs.replace(login, password=Secret("wrong-password")))
    assert found.why == "credentials"
    key = asyncssh.generate_private_key("ssh-ed25519")
    server.accounts = [key.export_public_key().decode().strip()]
    by_key = Login(user="acme", host_keys=login.host_keys, key=Secret(key.export_private_key().decode()))
    async with opened(client.plugged(tenant, to(server)), by_key, SECONDS) as files:
        assert await files.entries(".") == []
    found = await refused(client, tenant, server, msgspec.structs.replace(by_key, key=Secret("no key at all")))
    assert found.why == "key"
    # What lies in the home folder of the process is nobody's credentials.
    home = tmp_path / "home" / ".ssh"
    home.mkdir(parents=True)
    key.write_private_key(home / "id_ed25519")
    (home / "config").write_text("ProxyCommand false\nNoSuchThing yes\n")
    monkeypatch.setenv("HOME", str(home.parent))
    bare = Login(user="acme", host_keys=login.host_keys)
    assert (await refused(client, tenant, server, bare)).why == "credentials"
    async with opened(client.plugged(tenant, to(server)), login, SECONDS) as files:
        assert await files.entries(".") == []


@pytest.mark.parametrize(
    ("host", "port", "rule"),
    [
        ("169.254.169.254", 22, "address"),
        ("10.0.0.1", 22, "address"),
        ("127.0.0.1", 22, "address"),
        ("93.184.216.34", 25, "port"),
    ],
)
async def test_S_50_S_54_no_file_server_inside_and_no_other_port(
    strict: Client, tenant: UUID, login: Login, host: str, port: int, rule: str
) -> None:
    with pytest.raises(Refused) as found:
        async with opened(
            strict.plugged(tenant, Dial(protocol="sftp", host=host, port=port, tls=False)), login, SECONDS
        ):
            pass
    assert found.value.rule == rule


async def test_S_52_every_address_of_a_file_server_must_pass(tenant: UUID, login: Login) -> None:
    async def mixed(_name: str, _port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.5"]

    async with Client(Guard(resolve=mixed)) as client:
        with pytest.raises(Refused) as found:
            async with opened(
                client.plugged(tenant, Dial(protocol="sftp", host="files.example", port=22, tls=False)), login, SECONDS
            ):
                pass
    assert found.value.rule == "address"


async def test_S_57_nothing_is_unpacked_for_a_server_that_only_compresses(
    client: Client, tenant: UUID, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ("zlib@openssh.com", "zlib"):
        monkeypatch.setattr(asyncssh, "listen", partial(LISTEN, compression_algs=[one]))
        async with sftp_server.serving(tmp_path / one, "acme", PASSWORD) as packing:
            to_it = msgspec.structs.replace(login, host_keys=(packing.host_key,))
            found = await refused(client, tenant, packing, to_it)
        assert (found.why, "compression" in found.detail) == ("refused", True)


async def test_a_process_whose_user_has_no_name_says_so(
    client: Client, tenant: UUID, server: FileServer, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "LOGNAME" in (await refused(client, tenant, server, login)).detail


async def test_who_breaks_off_is_a_failure_and_no_refusal(
    client: Client, tenant: UUID, server: FileServer, login: Login
) -> None:
    server.chance = Chance(Faults(next=["cut"]))
    with pytest.raises(Failed) as failed:
        async with opened(client.plugged(tenant, to(server)), login, SECONDS) as files:
            await files.rename((await files.put("a", b"a")).path, "b")
    assert (failed.value.kind, failed.value.sent) == ("cut", True)
    await server.close()
    with pytest.raises(Failed) as failed:
        async with opened(client.plugged(tenant, to(server)), login, SECONDS):
            pass
    assert (failed.value.kind, failed.value.sent) == ("connect", False)
