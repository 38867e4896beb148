"""Two installations never get one port, at whatever moment each looks."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.embedded import ports, processes

OTHER = """
import sys
from infra.embedded import ports
print(ports.following(int(sys.argv[1]), "127.0.0.1").port, flush=True)
sys.stdin.read()
"""


def test_a_port_that_another_has_chosen_and_not_yet_opened_is_not_free() -> None:
    wanted = ports.choose(None)
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(wanted)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert int(other.stdout.readline()) == wanted
        assert ports.hold(wanted) is None
        mine = ports.following(wanted, "127.0.0.1")
        assert mine.port != wanted
        mine.release()
        other.kill()
    ours = ports.hold(wanted)
    assert ours is not None
    ours.release()


def test_a_server_keeps_the_port_that_others_know() -> None:
    lease = ports.Lease()
    lease.take(None)
    first = lease.port
    lease.given_out = True
    lease.end()
    lease.take(None)
    assert lease.port == first
    lease.end()


@pytest.mark.parametrize("case", ["open to others", "belongs to somebody else", "a link", "a file"])
def test_a_folder_that_others_could_have_laid_out_is_refused_in_words(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_MARKS", tmp_path)
    folder = tmp_path / f"waybill-ports-{os.geteuid()}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    match case:
        case "a link":
            folder.symlink_to(elsewhere)
        case "a file":
            folder.touch(0o600)
        case "open to others":
            folder.mkdir()
            folder.chmod(0o755)
        case _:
            folder.mkdir(mode=0o700)
            mine = os.geteuid()
            folder = folder.rename(tmp_path / f"waybill-ports-{mine + 1}")
            monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    reason = {"a link": "is no folder", "a file": "is no folder"}.get(case, case)
    with pytest.raises(ports.NoFreePort, match=f"^{re.escape(str(folder))} .*{reason}.*Remove it"):
        ports.take(None)
    assert not list(elsewhere.iterdir())


def test_the_folder_is_made_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_MARKS", tmp_path)
    ports.take(None).release()
    ports.take(None).release()
    assert [one.stat().st_mode & 0o777 for one in tmp_path.iterdir()] == [0o700]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_who_listens_on_a_port_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert processes.listening(server.getsockname()[1]) == {os.getpid()}
    assert processes.session(os.getpid()) == os.getsid(0)
