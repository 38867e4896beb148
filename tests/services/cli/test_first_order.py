"""What a user gets: `waybill up`, then an order, its result, and a partner who changes what runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.embedded import Home, ports
from services.cli import running
from tests.faults.warm import WarmStarter
from tests.patience import PATIENCE

ORDER = Path(__file__).parents[3] / "docs" / "examples" / "order.json"


class Terminal:
    """A user's terminal beside a running `waybill up`."""

    def __init__(self, home: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYBILL_")}
        self.home = home
        self.environment = {**environment, "WAYBILL_HOME": str(home)}

    def run(self, *words: str, key: str = "", given: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, "WAYBILL_API_KEY": key}
        return WarmStarter.get().run(["services.cli.main", *words], environment, given)

    def published(self, where: tuple[str, ...], key: str) -> list[str]:
        """Workflow versions of the client, asked of the API itself."""
        state = running.read(Home(self.home))
        assert state is not None
        url = f"{state.api_url}/v1/clients/{where[1]}/{where[3]}/workflows"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - the home's own API
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return [one["id"] for one in msgspec.json.decode(answer.read())["items"]]

    def secret(self, name: str) -> str:
        return (self.home / "secrets" / name).read_text()


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("first order") / ".waybill")
    port = str(ports.choose(None))
    environment = {**terminal.environment, "WAYBILL_API_PORT": port, "WAYBILL_LIVE_OWNERS": "reported"}
    up = subprocess.Popen(
        [sys.executable, "-u", "-m", "services.cli.main", "up"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    try:
        lines = []
        for line in up.stdout:
            lines.append(line)
            if "Ctrl-C stops everything." in line:
                break
        assert any(" send docs/examples/order.json" in line for line in lines), "".join(lines)
        phases = [line.split()[0] for line in lines[:4]]
        assert phases == ["database", "migrations", "services", "demo"], "each phase is told as it begins"
        partners = [line.split()[1] for line in lines if line.startswith("partner ")]
        assert partners == ["harbor-demo", "summit-demo"], "as commands take them"
        assert lines[-1].startswith("Open http://harbor.localhost:"), "what to do comes last"
        yield terminal
    finally:
        up.send_signal(signal.SIGTERM)
        up.communicate()


def test_the_first_order_is_in_the_erp(terminal: Terminal) -> None:
    sent = terminal.run("send", str(ORDER))
    assert sent.returncode == 0, sent.stdout + sent.stderr
    for task in ("check-credit", "check-stock", "create-sale"):
        assert f"✓ {task}" in sent.stdout
    assert '"number": "SO-1001"' in sent.stdout
    assert "completed" in sent.stdout
    again = terminal.run("send", str(ORDER), "--json")
    run = msgspec.json.decode(again.stdout)[0]
    assert (run["state"], run["output"]["sale"]["number"]) == ("completed", "SO-1002")


def test_a_connection_is_asked_how_it_is(terminal: Terminal) -> None:
    checked = terminal.run("connection", "check", "erp", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    found = msgspec.json.decode(checked.stdout)
    assert (found["state"], found["operation"], found["error"]) == ("well", "erp.items.availability", None)
    shown = terminal.run("connection", "health", "erp")
    assert (shown.returncode, "last_good_at" in shown.stdout, "failures" in shown.stdout) == (0, True, False)


def test_a_changed_parameter_holds_the_next_order(terminal: Terminal) -> None:
    changed = terminal.run(
        "deployment", "update", "order-release", "--set", 'max_order_value={"amount": 1000, "currency": "USD"}'
    )
    assert changed.returncode == 0, changed.stderr
    run = msgspec.json.decode(terminal.run("send", str(ORDER), "--json").stdout)[0]
    assert (run["revision"], run["output"]["released"], run["output"]["hold"]["type"]) == (2, False, "value")
    restored = terminal.run("deployment", "update", "order-release", "--set", "max_order_value=null", "--json")
    assert msgspec.json.decode(restored.stdout)["revision"] == 3


def test_an_order_that_cannot_be_read_faults_with_the_reason(terminal: Terminal, tmp_path: Path) -> None:
    event = msgspec.json.decode(ORDER.read_bytes())
    event["data"]["lines"] = []
    (tmp_path / "order.json").write_bytes(msgspec.json.encode(event))
    sent = terminal.run("send", str(tmp_path / "order.json"))
    assert sent.returncode == 1
    assert "faulted" in sent.stdout
    assert "/errors/validation" in sent.stdout


def test_A13_a_partner_caps_its_client_and_peaks_and_classes_are_set_from_the_command_line(terminal: Terminal) -> None:
    key, where = terminal.secret("partner-key"), ("--client", "acme-wholesale", "--environment", "live")
    assert terminal.run("quota", "set", "--open-runs", "many", *where, key=key).returncode == 2
    capped = terminal.run("quota", "set", "--runs-per-minute", "0", *where, key=key)
    assert capped.returncode == 0, capped.stderr
    refused = terminal.run("send", str(ORDER))
    assert (refused.returncode, "A quota is used up" in refused.stderr) == (1, True)
    terminal.run("quota", "set", "--runs-per-minute", "none", *where, key=key)
    shown = msgspec.json.decode(terminal.run("quota", "show", "--json").stdout)
    assert [one["limit"] for one in shown] == [None, None, None]
    urgent = terminal.run("deployment", "update", "order-release", "--priority", "interactive", "--json")
    assert msgspec.json.decode(urgent.stdout)["priority"] == "interactive"
    assert msgspec.json.decode(terminal.run("send", str(ORDER), "--json").stdout)[0]["priority"] == "interactive"
    peak = terminal.run("peak", "set", "auto", "--from-runs", "50", "--class", "gold", "--cut-off-key", "cutOff")
    assert peak.returncode == 0, peak.stderr
    rule = msgspec.json.decode(terminal.run("peak", "show", "--json").stdout)["rule"]
    assert (rule["mode"], rule["customer_classes"], rule["cut_off_key"]) == ("auto", ["gold"], "cutOff")
    assert terminal.run("peak", "next").returncode == terminal.run("peak", "set", "off").returncode == 0


def test_A14_a_partner_looks_after_its_clients_from_the_command_line(terminal: Terminal, tmp_path: Path) -> None:
    key, where = terminal.secret("partner-key"), ("--client", "acme-wholesale")

    def done(*words: str, key: str = key) -> Any:
        ended = terminal.run(*words, "--json", key=key)
        assert ended.returncode == 0, ended.stderr
        return msgspec.json.decode(ended.stdout)

    assert done("client", "add-environment", "acme-wholesale", "staging")["environment"] == "staging"
    assert done("site", "create", "depot", "--name", "Depot", *where)["time_zone"] == "UTC"
    assert done("site", "update", "depot", "--time-zone", "Europe/Madrid", *where)["time_zone"] == "Europe/Madrid"
    done("parameter", "set", "cutoff=13:00", "--all-environments", *where)
    done("parameter", "set", "cutoff=15:00", "--site", "depot", *where)
    (value,) = done("parameter", "show", "--site", "depot", *where)
    assert (value["value"], value["level"], value["above"][0]["level"]) == ("15:00", "site", "client")
    (tmp_path / "clients.csv").write_text("slug,name\nbolts,Bolts\n")
    assert done("client", "onboard", str(tmp_path / "clients.csv"))[0]["outcome"] == "created"
    assert done("client", "onboard", str(tmp_path / "clients.csv"))[0]["outcome"] == "unchanged"
    assert done("client", "suspend", "acme-wholesale", "--reason", "a test")["status"] == "suspended"
    assert terminal.run("client", "export", str(tmp_path / "all.zip")).returncode == 0
    assert "manifest.json" in zipfile.ZipFile(tmp_path / "all.zip").namelist()
    deadline = time.monotonic() + 4 * PATIENCE
    while "The client is suspended" not in (refused := terminal.run("send", str(ORDER))).stderr:
        assert time.monotonic() < deadline, refused.stdout + refused.stderr
    assert done("client", "resume", "acme-wholesale")["status"] == "active"
    while terminal.run("send", str(ORDER)).returncode != 0:
        assert time.monotonic() < deadline
    while {"acme-wholesale", "bolts"} - {one["slug"] for one in done("client", "fleet")}:
        assert time.monotonic() < deadline
    assert done("client", "suspend", "bolts", "--reason", "a test")["id"]
    assert done("client", "delete", "bolts", "--reason", "a test", "--yes")["state"] == "erasing"


def test_what_is_no_event_is_wrong_use(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    for name in ("a.json", "missing.json"):
        assert terminal.run("send", str(tmp_path / name)).returncode == 2
    (tmp_path / "b.json").write_text('{"specversion": "1.0", "type": "nobody.waits"}')
    refused = terminal.run("send", str(tmp_path / "b.json"))
    assert (refused.returncode, "source" in refused.stderr) == (1, True)


def test_the_system_behind_a_connection_is_swapped_by_the_connection_alone(terminal: Terminal, tmp_path: Path) -> None:
    shown = msgspec.json.decode(terminal.run("connection", "show", "erp", "--json").stdout)
    stray = terminal.run("connection", "update", "erp", "--set", "base_url=http://127.0.0.1:8099")
    assert (stray.returncode, "/secrets/token" in stray.stderr) == (1, True), stray.stderr
    (tmp_path / "password").write_text("a password of Tryton's\n")
    swapped = terminal.run(
        *("connection", "update", "erp", "--connector", "tryton"),
        *("--set", "base_url=http://127.0.0.1:8099", "--set", "allow_http=true"),
        *("--set", "database=demo", "--set", "user=admin"),
        *("--secret-file", f"password={tmp_path / 'password'}", "--json"),
    )
    assert swapped.returncode == 0, swapped.stdout + swapped.stderr
    after = msgspec.json.decode(swapped.stdout)
    assert (after["connector"], after["id"], list(after["secrets"])) == ("tryton", shown["id"], ["password"])
    back = terminal.run(
        *("connection", "update", "erp", "--connector", "erp-simulator", "--secret", "token"),
        *("--set", f"base_url={shown['settings']['base_url']}", "--set", "allow_http=true"),
        given=terminal.secret("erp-token") + "\n",
    )
    assert back.returncode == 0, back.stderr
    assert terminal.run("send", str(ORDER)).returncode == 0


def test_a_partner_brings_another_environment_live(terminal: Terminal, tmp_path: Path) -> None:
    key = terminal.secret("partner-key")
    where = ("--client", "acme-wholesale", "--environment", "test")
    erp = msgspec.json.decode(terminal.run("connection", "show", "erp", "--json").stdout)
    made = terminal.run(
        *("connection", "create", "erp", "--connector", "erp-simulator", "--secret", "token", *where),
        *("--set", f"base_url={erp['settings']['base_url']}", "--set", "allow_http=true"),
        key=key,
        given=terminal.secret("erp-token") + "\n",
    )
    assert made.returncode == 0, made.stderr
    assert terminal.secret("erp-token") not in made.stdout
    deployed = terminal.run(
        "deployment", "create", "orders", "--template", "order-release@1.0.0", "--bind", "erp=erp", *where, key=key
    )
    assert deployed.returncode == 0, deployed.stderr
    (tmp_path / "own.yaml").write_text(
        "document: {dsl: 1.0.3, namespace: own, name: own, version: 1.0.0}\ndo: [{a: {set: {ok: true}}}]\n"
    )
    own = terminal.run("deployment", "create", "own", "--document", str(tmp_path / "own.yaml"), *where, key=key)
    assert own.returncode == 0, own.stderr
    before = terminal.published(where, key)
    for words in (("own",), ("other", "--bind", "erp=erp"), ("other", "--set", "a=1"), ("other", "--bind", "erp=none")):
        document = tmp_path / "next.yaml"
        document.write_text((tmp_path / "own.yaml").read_text().replace("version: 1.0.0", "version: 1.1.0"))
        failed = terminal.run("deployment", "create", *words, "--document", str(document), *where, key=key)
        assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
    assert terminal.published(where, key) == before
    listed = terminal.run("deployment", "list", *where, key=key).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["name", "own", "orders"]
    assert terminal.run("deployment", "disable", "own", *where, key=key).returncode == 0
    active = terminal.run("deployment", "list", "--status", "active", "--json", *where, key=key)
    assert [one["name"] for one in msgspec.json.decode(active.stdout)] == ["orders"]
    refused = terminal.run("connection", "list", key=key)
    assert (refused.returncode, "names the client" in refused.stderr) == (1, True)


def test_without_an_installation_the_command_says_what_to_do(tmp_path: Path) -> None:
    nobody = Terminal(tmp_path)
    answer = nobody.run("connection", "list")
    assert (answer.returncode, "waybill up" in answer.stderr) == (1, True)
    nobody.environment["WAYBILL_API_URL"] = f"http://127.0.0.1:{ports.choose(None)}"
    answer = nobody.run("connection", "list", key="pk_some_key_or_other")
    assert (answer.returncode, "does not answer" in answer.stderr) == (1, True)
