"""OpenSSH on a free port of loopback, with an account by key and a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import asyncssh
import msgspec

from infra.embedded.ports import choose
from tests.counterparts.program import serving
from tests.counterparts.reachable import reachable
from tests.counterparts.sftp.install import environment, server

_CONFIGURATION: Final = """\
Port @PORT@
ListenAddress 127.0.0.1
HostKey @DATA@/host_key
AuthorizedKeysFile @DATA@/authorized_keys
PidFile none
StrictModes no
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
ForceCommand internal-sftp
LogLevel ERROR
"""


class Sshd(msgspec.Struct, frozen=True):
    """`key`: the account's private key; `root`: the folder that the address names."""

    url: str
    user: str
    key: str
    host_key: str
    root: Path


@contextmanager
def running(place: Path, folder: Path) -> Iterator[Sshd]:
    """Serve `data/exchange` until the block ends. Root hands it to `nobody`: as root it needs an account for itself.

    Raises:
        RuntimeError: it ended before it served, with what it said.
    """
    with reachable(folder) as data, _running(place, data) as found:
        yield found


@contextmanager
def _running(place: Path, data: Path) -> Iterator[Sshd]:
    port, root = choose(None), data / "exchange"
    root.mkdir(parents=True)
    host, key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host.write_private_key(data / "host_key")
    key.write_public_key(data / "authorized_keys")
    (data / "host_key").chmod(0o600)
    (data / "sshd_config").write_text(_CONFIGURATION.replace("@PORT@", str(port)).replace("@DATA@", str(data)))
    is_root = os.geteuid() == 0
    user = "nobody" if is_root else pwd.getpwuid(os.geteuid()).pw_name
    program = server(place)
    if is_root:
        # What lies in root's own folders is out of nobody's reach.
        program = Path(shutil.copytree(place, data / "sshd", symlinks=True)) / program.relative_to(place)
        subprocess.run(["chown", "-R", user, str(data)], check=True)
    command: list[str | Path] = [program, "-D", "-e", "-f", data / "sshd_config"]
    surroundings = environment(data / "sshd" if is_root else place)
    account: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if is_root else {}
    with serving(command, surroundings, data, port=port, log=data / "log", account=account):
        url = f"sftp://127.0.0.1:{port}{root}"
        yield Sshd(url, user, key.export_private_key().decode(), host.get_fingerprint(), root)
