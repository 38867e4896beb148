from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from infra.embedded import AlreadyRunning, Home, children
from infra.embedded.processes import Identity
from infra.settings import load
from services.cli.commands import database, down, logs, reset
from services.cli.main import COMMANDS, HIDDEN, waybill

LOOK = """
import sys
from click.testing import CliRunner
from services.cli.main import waybill
done = CliRunner().invoke(waybill, ["--help"])
assert done.exit_code == 0
print(sorted(set(sys.modules) & {"asyncpg", "sqlalchemy", "litestar", "dramatiq", "aiohttp", "jq", "redis", "alembic"}))
print([name for name in sys.modules if name.startswith("services.cli.commands")])
"""


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WAYBILL_HOME": str(home)}
    command = [sys.executable, "-m", "services.cli.main", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def test_help_names_every_command_and_imports_none() -> None:
    text = CliRunner().invoke(waybill, ["--help"]).output
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert not any(f"\n  {name} " in text for name in HIDDEN)
    looked = subprocess.run([sys.executable, "-c", LOOK], check=True, capture_output=True, text=True)
    assert looked.stdout == "[]\n[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there_and_explains_itself(name: str) -> None:
    found = waybill.get_command(click.Context(waybill), name)
    assert found is not None
    assert found.help


def test_an_unknown_command_is_wrong_use() -> None:
    assert CliRunner().invoke(waybill, ["fly"]).exit_code == 2


def test_the_version_is_that_of_the_installed_package() -> None:
    assert CliRunner().invoke(waybill, ["--version"]).output == f"waybill {version('waybill')}\n"


def test_a_bad_setting_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    environment = {**os.environ, "WAYBILL_HOME": str(tmp_path), "WAYBILL_API_PORT": "eighty"}
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "logs"],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 2
    assert done.stderr == "Error: WAYBILL_API_PORT is 'eighty'; expected a port, 1 to 65535\n"


def test_down_without_anything_running_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    done = CliRunner().invoke(down.command)
    assert (done.exit_code, done.output) == (0, f"Nothing runs in {tmp_path}.\n")


def test_reset_removes_our_data_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.make()
    home.stamp("0.1.0")
    (tmp_path / "letter.txt").write_text("not ours")
    assert CliRunner().invoke(reset.command, input="n\n").exit_code == 1
    assert (tmp_path / "VERSION").exists()
    assert CliRunner().invoke(reset.command, ["--yes"]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_reset_does_not_touch_a_folder_that_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    (tmp_path / "logs").mkdir()
    done = CliRunner().invoke(reset.command, ["--yes"])
    assert "holds no data" in done.output
    assert (tmp_path / "logs").exists()


def test_reset_follows_no_link_out_of_the_home_and_keeps_backups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, foreign = tmp_path / "home", tmp_path / "foreign"
    monkeypatch.setenv("WAYBILL_HOME", str(place))
    home = Home(place)
    home.make()
    home.stamp("0.1.0")
    foreign.mkdir()
    (foreign / "letter.txt").write_text("not ours")
    home.logs.rmdir()
    home.logs.symlink_to(foreign)
    (home.backups / "a.dump").write_text("PGDMP")
    done = CliRunner().invoke(reset.command, ["--yes"])
    assert done.exit_code == 0
    assert "Left there: backups." in done.output
    assert (foreign / "letter.txt").exists()
    assert [path.name for path in home.backups.iterdir()] == ["a.dump"]
    assert [path.name for path in place.iterdir()] == ["backups"]


def test_down_ends_an_up_and_nothing_else_that_has_the_home(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.lock("database restore")
    done = run("down", home=tmp_path)
    second = run("reset", "--yes", home=tmp_path)
    home.unlock()
    assert done.returncode == 1
    assert f"`waybill database restore` works in {tmp_path} (process {os.getpid()})" in done.stderr
    assert "holds no data" in second.stdout
    with pytest.raises(AlreadyRunning, match="`waybill database dump` works in"):
        _second(tmp_path)


def test_a_dump_is_kept_with_the_three_files_of_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    secrets = tmp_path / "secrets"
    assert database.keys_beside(load()) == f"{secrets / 'kek'} and {secrets / 'audit-key'}"
    monkeypatch.setenv("WAYBILL_SERVICE_KEY_FILE", str(tmp_path / "own"))
    assert database.keys_beside(load()) == f"{secrets / 'kek'}, {tmp_path / 'own'} and {secrets / 'audit-key'}"


def _second(folder: Path) -> None:
    first = Home(folder)
    first.lock("database dump")
    try:
        Home(folder).lock()
    finally:
        first.unlock()


@pytest.mark.parametrize(
    ("refusal", "code", "words"), [(ProcessLookupError, 0, "Stopped."), (PermissionError, 1, "another user's")]
)
def test_down_of_what_cannot_be_signalled_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: type[OSError], code: int, words: str
) -> None:
    def refuse(pid: int, number: int) -> None:
        del pid, number
        home.unlock()
        (home.run / "lock").unlink()
        monkeypatch.setattr(Identity, "alive", lambda _: False)
        raise refusal

    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.lock("up")
    monkeypatch.setattr("services.cli.commands.down.os.kill", refuse)
    done = CliRunner().invoke(down.command)
    assert (done.exit_code, words in done.output) == (code, True)


def test_reset_refuses_while_something_runs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.lock()
    home.stamp("0.1.0")
    done = run("reset", "--yes", home=tmp_path)
    home.unlock()
    assert done.returncode == 1
    assert f"already runs in {tmp_path} (process {os.getpid()})" in done.stderr


def test_logs_shows_the_end_of_each_log_or_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.make()
    (home.logs / "api.log").write_text("one\ntwo\n")
    (home.logs / "worker.log").write_text("three\n")
    assert CliRunner().invoke(logs.command, ["-n", "1"]).output == "api      | two\nworker   | three\n"
    assert CliRunner().invoke(logs.command, ["api"]).output == "one\ntwo\n"
    assert "there are: api, worker" in CliRunner().invoke(logs.command, ["erp"]).output


def test_logs_without_lines_shows_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.make()
    (home.logs / "api.log").write_text("one\ntwo\n")
    assert CliRunner().invoke(logs.command, ["-n", "0"]).output == ""
    assert CliRunner().invoke(logs.command, ["-n", "-1"]).exit_code == 2


@pytest.mark.parametrize("way", ["renamed", "emptied"])
def test_F_29_logs_follows_a_log_over_its_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(children, "LOG_LIMIT", 10)
    home = Home(tmp_path)
    home.make()
    log = home.logs / "api.log"
    log.write_text("the first line\n")
    command = [sys.executable, "-u", "-m", "services.cli.main", "logs", "api", "-f", "-n", "1"]
    environment = {**os.environ, "WAYBILL_HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "the first line\n"
        with log.open("a") as writer:
            if way == "renamed":
                log.replace(log.with_suffix(".log.1"))
                log.write_text("then\n")
            else:
                children.bound(log)
                writer.write("then\n")
        assert follower.stdout.readline() == "then\n"
        follower.terminate()
    assert log.with_suffix(".log.1").read_text() == "the first line\n"
    assert log.read_text() == "then\n"


def test_F_29_a_log_is_bounded_also_where_no_copy_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LOG_LIMIT", 10)
    log = tmp_path / "api.log"
    log.write_text("short\n")
    children.bound(log)
    assert log.read_text() == "short\n"
    log.write_text("longer than that\n")
    (tmp_path / "api.log.part").mkdir()
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    children.bound(log)
    assert log.read_text() == ""
    children.bound(tmp_path / "none.log")
