"""The embedded Valkey. It carries doorbells only, so it keeps nothing on disk: a flush or a stop loses no work."""

from __future__ import annotations

import signal
import socket
import time
from typing import Final

from infra.embedded import binaries, ports
from infra.embedded.children import Child
from infra.embedded.home import Home, write_private
from infra.embedded.postgres import PAUSE, TRIES, StartFailed, tail

START_LIMIT: Final = 20.0
_REPLY_LIMIT: Final = 64


class Valkey:
    """One server on loopback with a password. `start` and `stop` may alternate."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lease = ports.Lease()
        self._program = binaries.valkey_server()
        self._folder = home.folder / "valkey"
        self._child = Child(home, "valkey", death=signal.SIGTERM)

    @property
    def port(self) -> int:
        """The port of its start; the same at every start of this handle."""
        return self._lease.port

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._child.pid

    def returncode(self) -> int | None:
        return self._child.returncode()

    def start(self) -> None:
        """Return when it answers.

        Raises:
            StartFailed: with the end of its log.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for attempt in range(TRIES):
            self._lease.take(self.home.port("valkey") if attempt == 0 else None)
            if self._come_up():
                self._lease.given_out = True
                self.home.remember_port("valkey", self.port)
                return
            time.sleep(PAUSE * 2**attempt)
        self._lease.end()
        raise StartFailed(f"Valkey did not start. The end of {self._child.log}:\n{tail(self._child.log)}")

    def _come_up(self) -> bool:
        # By file, since a command line shows its password to every user of the machine.
        configuration = self._folder / "valkey.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.home.secret('valkey')}",
            'save ""',
            "appendonly no",
            "daemonize no",
            f'dir "{self._folder}"',
        ]
        write_private(configuration, "\n".join([*lines, ""]).encode())
        self._child.start([str(self._program), str(configuration)])
        deadline = time.monotonic() + START_LIMIT
        while self._child.returncode() is None and time.monotonic() < deadline:
            if self.answers():
                return True
            time.sleep(0.01)
        self._child.stop()
        return False

    def answers(self) -> bool:
        """Whether this very server, by its password, answers a ping."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(f"AUTH {self.home.secret('valkey')}\r\nPING\r\n".encode())
                reply = b""
                while b"PONG" not in reply and len(reply) < _REPLY_LIMIT:
                    part = line.recv(_REPLY_LIMIT)
                    if not part:
                        break
                    reply += part
        except OSError:
            return False
        return reply == b"+OK\r\n+PONG\r\n"

    def url(self) -> str:
        """Address with the password."""
        return f"redis://:{self.home.secret('valkey')}@127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """End it; what it held is gone. Safe to repeat."""
        self._child.stop()
        self._lease.end()

    def kill(self) -> None:
        """End it at once. For failure tests (F-10)."""
        self._child.stop(by=signal.SIGKILL)
