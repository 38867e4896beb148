"""Two installations never get one port, at whatever moment each looks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

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


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_who_listens_on_a_port_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert processes.listening(server.getsockname()[1]) == {os.getpid()}
    assert processes.session(os.getpid()) == os.getsid(0)
