"""Root, an ordinary user, a user without a name, and a machine that refuses user namespaces."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.embedded import Stack, binaries, processes, user
from infra.embedded.home import Home
from infra.embedded.user import User

ROOT = Path(__file__).resolve().parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes the user")
START = """
import sys
from pathlib import Path
from infra.embedded import Stack
with Stack.start(Path(sys.argv[1]), durable=False) as stack:
    print(stack.postgres.run_sql(["SELECT 7"]))
"""


def nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def as_user(uid: int, interpreter: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the interpreter as `uid`, through a shell: only a second exec shows what the user may reach by itself."""
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "sh", "-c", 'exec "$0" "$@"']
    path = os.pathsep.join([str(ROOT), *(entry for entry in sys.path if "site-packages" in entry)])
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*become, interpreter, *words], check=False, capture_output=True, text=True, cwd="/", env=environment
    )


@as_root
@pytest.mark.parametrize("uid", [65534, 23456], ids=["ordinary", "nameless"])
def test_an_ordinary_and_a_nameless_user_start_it(uid: int) -> None:
    # pytest's own folders are closed to others
    folder = Path("/tmp") / f"waybill-test-{os.getpid()}-{uid}"  # noqa: S108
    folder.mkdir(mode=0o700)
    os.chown(folder, uid, uid)
    # The interpreter of the environment may lie in root's own folder; the system's of the same version does as well.
    candidates = [sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"]
    usable = [each for each in candidates if as_user(uid, each, folder, "-c", "import infra.embedded").returncode == 0]
    if not usable:
        shutil.rmtree(folder)
        pytest.skip("no interpreter with our packages is open to other users")
    try:
        done = as_user(uid, usable[0], folder, "-c", START, str(folder / "a home"))
        assert done.stdout.strip() == "7", done.stderr
    finally:
        shutil.rmtree(folder)


@as_root
def test_root_runs_postgres_behind_a_mask_and_keeps_the_files_its_own(tmp_path: Path) -> None:
    with Stack.start(tmp_path / "home", durable=False) as stack:
        assert stack.postgres.cluster.data.stat().st_uid == 0
        assert stack.postgres.pid is not None
        # Inside its namespace it is somebody else, which PostgreSQL looks at.
        mapping = Path(f"/proc/{stack.postgres.pid}/uid_map").read_text().split()
        assert mapping[0] != "0"
        assert mapping[1:] == ["0", "1"]


@as_root
def test_without_namespaces_another_user_runs_it_from_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uid, gid = nobody()
    monkeypatch.setattr(user, "choose", lambda: User(f"become:{uid}:{gid}", (uid, gid)))
    monkeypatch.setattr(user, "SHARED", tmp_path_outside := Path(f"/tmp/waybill-shared-{os.getpid()}"))  # noqa: S108
    home = tmp_path / "a home"
    try:
        with Stack.start(home, durable=False) as stack:
            assert stack.postgres.run_sql(["SELECT 7"]) == "7"
            assert (home / "postgres").is_symlink()
            assert Path(f"/proc/{stack.postgres.pid}").stat().st_uid == uid
            stack.postgres.stop_immediate()
            stack.postgres.start()
        with Stack.start(home, durable=False) as again:
            assert again.postgres.run_sql(["SELECT 7"]) == "7"
    finally:
        shutil.rmtree(tmp_path_outside, ignore_errors=True)


def test_an_ordinary_user_runs_it_as_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    uid, _ = nobody()
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    chosen = user.choose()
    assert chosen == User()
    home = Home(tmp_path)
    assert user.data_parent(home, chosen) == tmp_path / "postgres"
    install = binaries.postgres_install()
    assert user.reachable_install(install, chosen) == install


def test_a_process_is_known_by_its_start() -> None:
    me = processes.own()
    assert me.alive()
    assert not processes.Identity(me.pid, "another").alive()
