"""The command line against an API that is not ours to trust: whose key it gets, and what is said when it is away."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.embedded import Home, processes
from infra.embedded.stack import Endpoints
from services.cli import running
from services.cli.client import Problem

KEY = "pk_a_key_of_the_demo_home"


class Away(http.server.ThreadingHTTPServer):
    """Takes every event; answers 503 to the first `refusals` readings, and then a completed run."""

    refusals = 0
    lost = 0
    """Events that are taken and whose answer gets lost."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.run: dict[str, object] = {
            "state": "completed",
            "waiting_for": None,
            "error": None,
            "output": {"ok": True},
        }
        self.keys: list[str | None] = []
        self.events: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(http.server.BaseHTTPRequestHandler):
    server: Away

    def do_POST(self) -> None:
        self.server.events.append(msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))["id"])
        if self.server.lost:
            self.server.lost -= 1
            self.close_connection = True
            return
        self._answer(202, {"id": "evt_1", "runs": ["run_1"]})

    def do_GET(self) -> None:
        if self.server.refusals:
            self.server.refusals -= 1
            detail = "The database does not answer; nothing was stored"
            self._answer(503, {"title": "A service is away", "status": 503, "detail": detail})
        elif "journal" in self.path:
            self._answer(200, {"items": [], "next": None})
        else:
            self._answer(200, self.server.run)

    def _answer(self, status: int, document: object) -> None:
        self.server.keys.append(self.headers["Authorization"])
        body = msgspec.json.encode(document)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def away() -> Iterator[Away]:
    with Away() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


IMPATIENT = (
    "from services.cli.commands import send\nsend._SEND_SECONDS = 1.2\nfrom services.cli.main import main\nmain()"
)
"""The command line that gives up after a second, where a person's waits for ten."""


def waybill(
    home: Path, *words: str, start: tuple[str, str] = ("-m", "services.cli.main"), **variables: str
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WAYBILL_")}
    return subprocess.run(
        [sys.executable, *start, *words],
        env={**clean, "WAYBILL_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def demo_runs(home: Path, api_url: str) -> None:
    place = Home(home)
    place.make()
    state = running.State(
        supervisor=processes.own(),
        children={},
        endpoints=Endpoints(database_url="", worker_database_url="", migrator_database_url="", redis_url=""),
        api_url=api_url,
        demo=running.Demo(partner="P", client="C", environment="live", api_key=KEY),
    )
    running.write(place, state)


def event(folder: Path) -> str:
    (folder / "event.json").write_text('{"specversion": "1.0", "source": "/t", "type": "t"}')
    return str(folder / "event.json")


def test_the_demos_key_goes_to_its_own_home_only(tmp_path: Path, away: Away) -> None:
    demo_runs(tmp_path, "http://127.0.0.1:1")
    refused = waybill(tmp_path, "run", "list", WAYBILL_API_URL=away.url)
    assert (refused.returncode, away.keys) == (1, [])
    assert f"No API key is known for {away.url}. Give --key-file FILE" in refused.stderr
    demo_runs(tmp_path, away.url)
    assert waybill(tmp_path, "send", event(tmp_path), WAYBILL_API_URL=away.url + "/").returncode == 0
    assert set(away.keys) == {f"Bearer {KEY}"}


def test_without_an_api_the_home_that_was_looked_in_is_named(tmp_path: Path) -> None:
    assert f"in the home {tmp_path}." in waybill(tmp_path, "run", "list").stderr


def test_an_outage_while_a_run_is_followed_is_waited_out(tmp_path: Path, away: Away) -> None:
    away.refusals = 2
    done = waybill(tmp_path, "send", event(tmp_path), WAYBILL_API_URL=away.url, WAYBILL_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert "completed" in done.stdout


def test_F_03_an_event_whose_answer_is_lost_is_sent_again_under_its_id(tmp_path: Path, away: Away) -> None:
    away.lost = 2
    done = waybill(tmp_path, "send", event(tmp_path), WAYBILL_API_URL=away.url, WAYBILL_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert len(away.events) == 3
    assert len(set(away.events)) == 1


def test_F_03_giving_up_names_the_id_and_how_to_send_under_it_again(tmp_path: Path, away: Away) -> None:
    away.lost = 1000
    url = away.url
    impatient = ("-c", IMPATIENT)
    done = waybill(tmp_path, "send", event(tmp_path), start=impatient, WAYBILL_API_URL=url, WAYBILL_API_KEY=KEY)
    assert done.returncode == 1
    assert len(away.events) > 1
    assert f"`waybill send {tmp_path / 'event.json'} --id {away.events[0]}`" in done.stderr
    away.lost = 0
    again = ("send", event(tmp_path), "--id", away.events[0])
    assert waybill(tmp_path, *again, WAYBILL_API_URL=url, WAYBILL_API_KEY=KEY).returncode == 0
    assert set(away.events) == {away.events[0]}


def test_a_run_that_waits_for_a_person_is_followed_until_then_when_asked(tmp_path: Path, away: Away) -> None:
    waits = {"kind": "person", "ref": "tsk_1", "reason": "for a person of the role clerk"}
    away.run = {"state": "waiting", "waiting_for": waits, "error": None, "output": None}
    words = ("send", event(tmp_path), "--until-person", "--wait", "0")
    done = waybill(tmp_path, *words, WAYBILL_API_URL=away.url, WAYBILL_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert "`waybill run show run_1`" in done.stdout
    away.run["waiting_for"] = {"kind": "connection", "ref": "con_1", "reason": "the connection erp is away"}
    done = waybill(tmp_path, *words, WAYBILL_API_URL=away.url, WAYBILL_API_KEY=KEY)
    assert (done.returncode, "still open after the wait" in done.stdout) == (1, True), done.stdout


def test_an_event_that_was_taken_is_never_said_to_be_lost(tmp_path: Path, away: Away) -> None:
    away.refusals = 1000
    words = ("send", event(tmp_path), "--wait", "0.6")
    done = waybill(tmp_path, *words, WAYBILL_API_URL=away.url, WAYBILL_API_KEY=KEY)
    assert done.returncode == 1
    assert "The event was taken, run run_1; it cannot be followed now" in done.stderr
    assert "nothing was stored" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ({"title": "Nothing is here", "status": 404}, ["Nothing is here"]),
        ({"title": "Bad", "detail": "/a: b", "errors": [{"pointer": "/a", "detail": "b"}]}, ["Bad", "  /a: b"]),
        ({"title": "Taken", "detail": "by another"}, ["Taken: by another"]),
        (
            {
                "type": "/problems/owners-missing",
                "title": "Owners are missing",
                "errors": [{"pointer": "/a", "detail": "b"}],
            },
            [
                "Owners are missing",
                "  /a: b",
                "  `waybill owner name` gives each of them to somebody: docs/partner/owners.md",
            ],
        ),
    ],
)
def test_nothing_is_said_twice(document: dict[str, object], lines: list[str]) -> None:
    assert Problem(document).lines() == lines
