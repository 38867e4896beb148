"""Documents that start programs are published where the operator has a runner that starts them, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web

from infra.encryption.secret import Secret
from infra.settings import Settings
from tests.runner import TOKEN
from tests.services.api.routes.conftest import Cast

_HEAD = "document: {dsl: '1.0.3', namespace: tests, name: starts, version: 1.0.0}\n"
_SHELL = "{run: {shell: {command: ls}}}"
_SCRIPT = "{run: {script: {language: python, code: 'print(1)'}}}"


def _starts(task: str) -> dict[str, str]:
    return {"document": f"{_HEAD}do:\n  - a: {task}\n"}


@pytest.fixture
async def function() -> AsyncIterator[str]:
    """The address of a function that starts a program."""

    async def text(_: web.Request) -> web.Response:
        return web.Response(text=_SCRIPT)

    app = web.Application()
    app.router.add_get("/function.yaml", text)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/function.yaml"
    await runner.cleanup()


class TestWithout:
    @pytest.fixture
    def api_settings(self, api_settings: Settings) -> Settings:
        return msgspec.structs.replace(api_settings, egress_loopback=True)

    async def test_a_program_is_refused_in_words_that_anybody_may_read(self, cast: Cast) -> None:
        for task in (_SHELL, _SCRIPT, "{run: {container: {image: a}}}"):
            answer = await cast.client.post("/v1/workflows", _starts(task))
            assert answer.status == 422
            (error,) = answer.json["errors"]
            assert error["pointer"].startswith("/do/0/a/run/")
            assert "the operator has configured no isolating runner" in error["detail"]
            assert b"waybill" not in answer.body.lower()

    async def test_S_38_so_is_one_in_a_function_from_elsewhere(self, cast: Cast, function: str) -> None:
        answer = await cast.client.post("/v1/workflows", _starts(f"{{call: '{function}'}}"))
        assert answer.status == 422
        assert "the operator has configured no isolating runner" in answer.json["detail"]


class TestWith:
    @pytest.fixture
    def api_settings(self, api_settings: Settings) -> Settings:
        """Its address is only asked by workers."""
        return msgspec.structs.replace(
            api_settings,
            egress_loopback=True,
            runner_url="https://runner.example",
            runner_token=Secret(TOKEN),
            runner_kinds=("script",),
        )

    async def test_the_kinds_that_it_starts_are_published_and_no_others(self, cast: Cast) -> None:
        made = await cast.client.post("/v1/workflows", _starts(_SCRIPT))
        assert made.status == 201, made.body
        refused = await cast.client.post("/v1/workflows", _starts(_SHELL))
        assert refused.status == 422
        assert "`run: shell` is refused" in refused.json["errors"][0]["detail"]

    async def test_a_function_from_elsewhere_may_start_them_too(self, cast: Cast, function: str) -> None:
        made = await cast.client.post("/v1/workflows", _starts(f"{{call: '{function}'}}"))
        assert made.status == 201, made.body

    async def test_S_37_a_document_cannot_choose_the_runner(self, cast: Cast) -> None:
        task = "{run: {runner: 'https://mine.example', script: {language: python, code: a}}}"
        answer = await cast.client.post("/v1/workflows", _starts(task))
        assert answer.status == 422
        assert "unknown property `runner`" in answer.json["errors"][0]["detail"]
