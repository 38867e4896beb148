from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from infra import settings

ROOT = Path(__file__).resolve().parents[2]


def test_defaults_are_those_of_a_fresh_machine() -> None:
    read = settings.load({})
    assert read.home == Path.cwd() / ".waybill"
    assert read.kek_file == read.home / "secrets" / "kek"
    assert (read.api_host, read.api_port, read.lease_seconds, read.worker_slots) == ("127.0.0.1", 8420, 30.0, 64)
    assert not read.egress_loopback


def test_the_key_file_follows_the_home() -> None:
    assert settings.load({"WAYBILL_HOME": "/srv/way bill"}).kek_file == Path("/srv/way bill/secrets/kek")


def test_an_empty_variable_counts_as_absent() -> None:
    assert settings.load({"WAYBILL_API_PORT": " "}).api_port == 8420


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("WAYBILL_API_PORT", "eighty"),
        ("WAYBILL_API_PORT", "70000"),
        ("WAYBILL_EGRESS_LOOPBACK", "maybe"),
        ("WAYBILL_EGRESS_NETWORKS", "10.0.0.0/33"),
        ("WAYBILL_EGRESS_DENIED", "203.0.113.1/24"),
        ("WAYBILL_LEASE_SECONDS", "nan"),
        ("WAYBILL_LEASE_SECONDS", "0"),
        ("WAYBILL_LOG_LEVEL", "loud"),
        ("WAYBILL_DATABASE_URL", "mysql://somewhere"),
        ("WAYBILL_REDIS_URL", "localhost:6379"),
    ],
)
def test_a_bad_value_is_named_with_what_is_expected(name: str, given: str) -> None:
    with pytest.raises(settings.BadSetting) as caught:
        settings.load({name: given})
    assert name in str(caught.value)
    assert "expected" in str(caught.value)


def test_an_error_does_not_repeat_a_url_that_may_hold_a_password() -> None:
    with pytest.raises(settings.BadSetting) as caught:
        settings.load({"WAYBILL_DATABASE_URL": "mysql://someone:secret-word@host/x"})
    assert "secret-word" not in str(caught.value)


def test_networks_are_read_as_networks() -> None:
    read = settings.load({"WAYBILL_EGRESS_NETWORKS": "10.1.0.0/16, fd00::/8"})
    assert read.egress_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


def test_a_crash_point_counts_only_under_its_flag() -> None:
    assert settings.load({"WAYBILL_CRASH_POINT": "after-call"}).crash_point == ""
    under_flag = {"WAYBILL_CRASH_POINTS": "1", "WAYBILL_CRASH_POINT": "after-call"}
    assert settings.load(under_flag).crash_point == "after-call"


def test_a_child_inherits_with_changes_and_removals() -> None:
    environ = {"PATH": "/bin", "WAYBILL_MIGRATOR_DATABASE_URL": "postgresql://m", "EMPTY": ""}
    made = settings.child_environment({"WAYBILL_MIGRATOR_DATABASE_URL": "", "WAYBILL_API_PORT": "1"}, environ)
    assert made == {"PATH": "/bin", "WAYBILL_API_PORT": "1", "EMPTY": ""}


def test_every_field_has_its_line_in_the_table() -> None:
    assert [line.field for line in settings.DEFINITIONS] == list(settings.Settings.__struct_fields__)


def test_the_page_and_the_example_are_those_of_the_table() -> None:
    assert (ROOT / "docs/operator/settings.md").read_text() == settings.table()
    assert (ROOT / ".env.example").read_text() == settings.example()


def test_no_other_module_reads_the_environment() -> None:
    reads = re.compile(r"\bos\.(environ|getenv)\b")
    readers = {
        path.relative_to(ROOT).as_posix()
        for root in ("services", "tenants", "template_library", "infra")
        for path in (ROOT / root).rglob("*.py")
        if reads.search(path.read_text())
    }
    assert readers <= {"infra/settings.py"}


def test_a_runner_opens_the_kinds_that_the_operator_names() -> None:
    assert settings.load({}).processes == ()
    runner = {"WAYBILL_RUNNER_URL": "https://runner.example/x/", "WAYBILL_RUNNER_TOKEN": "0123456789abcdef"}
    read = settings.load(runner)
    assert (read.runner_url, read.processes) == ("https://runner.example/x", ("script", "shell", "container"))
    assert settings.load(runner | {"WAYBILL_RUNNER_KINDS": "shell, script"}).processes == ("script", "shell")
    assert "0123456789abcdef" not in repr(read)


@pytest.mark.parametrize(
    "given",
    [
        {"WAYBILL_RUNNER_URL": "https://runner.example"},
        {"WAYBILL_RUNNER_TOKEN": "too-short-word"},
        {"WAYBILL_RUNNER_TOKEN": "a word with spaces"},
        {"WAYBILL_RUNNER_URL": "ftp://runner.example"},
        {"WAYBILL_RUNNER_URL": "https://user:word@runner.example"},
        {"WAYBILL_RUNNER_URL": "https://runner.example?a=b"},
        {"WAYBILL_RUNNER_KINDS": "script,wasm"},
        {"WAYBILL_RUNNER_SECONDS": "0"},
    ],
)
def test_a_runner_that_cannot_be_used_stops_the_process_and_is_told_without_its_token(given: dict[str, str]) -> None:
    with pytest.raises(settings.BadSetting) as caught:
        settings.load(given)
    assert "WAYBILL_RUNNER_" in str(caught.value)
    assert "word" not in str(caught.value)
