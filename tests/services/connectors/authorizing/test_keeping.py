"""Tokens that a person granted: stored before they are used, renewed once, ended with a word on what to do (S-77)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec
import pytest

from infra import clock, crash_points
from services.connectors.authorizing import keeper
from services.connectors.health import checks
from services.connectors.simulators.http import Answered
from services.engine.functions import Done, Failed, Later
from tenants.connections import grants
from tenants.connections.codes import Codes
from tenants.connections.rotation import SECRETS, rotate
from tests.services.connectors.authorizing.side import WHO, Side
from tests.services.connectors.declared.other import SECRET, said


async def test_S_70_S_77_a_code_becomes_tokens_that_calls_use_and_that_nothing_shows(side: Side) -> None:
    assert isinstance(await side.process().call(), Later), "nobody has authorised it yet"
    await side.authorize()
    assert await side.state() == ("held", None)
    assert isinstance(await side.process().call(), Done)
    shown = repr(await side.do("SELECT * FROM app.connection_grant")) + repr(
        await side.do("SELECT *, convert_from(coalesce(sealed, ''), 'LATIN1') FROM app.connection_link")
    )
    shown += repr(await side.do("SELECT action, after::text FROM app.audit"))
    assert "connection.authorized" in shown
    assert "canary" not in shown
    async with side.app.tenant(side.tenant) as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.fetch("SELECT sealed FROM app.connection_grant")


async def test_S_77_of_many_workers_one_renews_and_all_use_what_it_stored(side: Side) -> None:
    await side.authorize()
    workers = [side.process() for _ in range(3)]
    await side.age()
    answers = await asyncio.gather(*(one.call() for one in workers for _ in range(5)))
    assert {type(one) for one in answers} == {Done}
    assert side.system.renewals == 1
    # A server that takes it back before its time: the calls that saw the 401 renew once, too.
    await side.settle()
    side.system.live.clear()
    answers = await asyncio.gather(*(workers[0].call() for _ in range(10)))
    assert {type(one) for one in answers} == {Done}
    assert side.system.renewals == 2
    assert isinstance(await workers[1].call(), Done), "it finds what the other stored"
    assert side.system.renewals == 2


async def test_S_77_a_refused_renewal_parks_and_says_which_link_to_make(side: Side) -> None:
    await side.authorize()
    worker = side.process()
    side.system.refresh = "somebody-took-it-back"
    await side.age()
    answer = await worker.call()
    assert isinstance(answer, Later)
    assert (answer.sent, answer.uncertain) == (False, False)
    assert "its authorisation has ended (invalid_grant)" in answer.reason
    assert f"POST /v1/connections/{answer.ref}/authorization-link" in answer.reason
    assert await side.state() == ("ended", "invalid_grant")
    (told,) = await side.do("SELECT after FROM app.audit WHERE action = 'connection.authorization-ended'")
    assert msgspec.json.decode(told["after"]) == {"reason": "invalid_grant"}
    asked = len(side.system.asked)
    assert isinstance(await worker.call(), Later)
    assert len(side.system.asked) == asked, "who is not authorised asks nobody"
    await side.authorize()
    assert isinstance(await worker.call(), Done), "the same process goes on once somebody has authorised it again"


async def test_a_check_that_failed_before_somebody_authorised_it_is_over(side: Side) -> None:
    async def failing() -> dict[UUID, str]:
        async with side.app.tenant(side.tenant) as transaction:
            return await checks.failing(transaction, side.tenant)

    async with side.app.tenant(side.tenant) as connection:
        await connection.execute(
            "UPDATE app.connection_health SET error = 'authentication', checked_at = clock_timestamp()"
        )
    assert await failing() == {side.connection: "authentication"}
    await side.authorize()
    assert await failing() == {}


async def test_S_77_a_token_that_was_just_given_and_is_refused_is_not_renewed_with_each_call(side: Side) -> None:
    await side.authorize()
    worker = side.process()
    side.system.live.clear()
    for _ in range(3):
        answer = await worker.call()
        assert isinstance(answer, Failed)
        assert (answer.error.status, side.system.renewals) == (401, 0)
    await side.settle()
    assert isinstance(await worker.call(), Done)
    assert side.system.renewals == 1


async def test_S_77_however_long_a_server_says_that_a_pair_holds_it_is_stored(side: Side) -> None:
    await side.authorize()
    worker = side.process()
    said = (
        "²",
        "9" * 15,
        "9" * 5_000,
        10**400,
        b"9" * 5_000,
        b"1e400",
        b"-1e400",
        b"1e-400",
        1e300,
        -1,
        [1],
        1e-320,
        0.1,
    )
    for given, seconds in enumerate(said, start=1):
        side.system.seconds = seconds
        await side.age()
        assert isinstance(await side.process().call(), Done), seconds
        assert side.system.renewals == given
    assert isinstance(await worker.call(), Done)


async def test_S_61_what_is_authorised_anew_takes_the_place_of_the_token_in_use(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await side.authorize()
    worker = side.process()
    assert isinstance(await worker.call(), Done)
    wrong = side.system.asked[-1].headers["authorization"]
    await side.authorize()
    real = clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: real() + keeper.FRESH_SECONDS)
    assert isinstance(await worker.call(), Done)
    assert side.system.asked[-1].headers["authorization"] != wrong, "the system takes both; one is of another account"
    assert side.system.renewals == 0


async def test_S_77_a_server_that_is_away_or_unwell_ends_nothing(side: Side) -> None:
    await side.authorize()
    await side.age()
    worker = side.process()
    unwell: list[Answered] = [said({}, 503), said({"error": "invalid_client"}, 401)]
    side.system.answers = unwell
    assert isinstance(await worker.call(), Later)
    refused = await worker.call()
    assert isinstance(refused, Failed)
    assert "the secret `client_secret`" in refused.error.detail
    assert await side.state() == ("held", None)
    assert isinstance(await worker.call(), Done)


async def test_S_77_who_dies_between_answer_and_storing_leaves_a_word_and_no_doubt(side: Side) -> None:
    await side.authorize()
    await side.age()
    crash_points.arm("!grant.answered")
    try:
        with pytest.raises(crash_points.Crashed):
            await side.process().call()
    finally:
        crash_points.arm("")
    (row,) = await side.do("SELECT leased_until > clock_timestamp() AS leased FROM app.connection_grant")
    assert row["leased"], "nobody else asks while it may be on its way"
    await side.age()
    answer = await side.process().call()
    assert isinstance(answer, Later)
    assert "authorization-link" in answer.reason
    assert await side.state() == ("ended", "invalid_grant")


async def test_S_56_what_was_granted_for_one_address_goes_to_no_other(side: Side) -> None:
    await side.authorize()
    elsewhere = {"base_url": f"{side.system.url}/other", "allow_http": True, "client_id": "client-of-the-tests"}
    await side.change(settings=elsewhere, secrets={"client_secret": SECRET})
    asked = len(side.system.asked)
    answer = await side.process().call()
    assert isinstance(answer, Later)
    assert "leads elsewhere than it was authorised for" in answer.reason
    assert len(side.system.asked) == asked


async def test_S_71_a_grant_that_was_put_back_or_changed_opens_for_nobody(side: Side) -> None:
    await side.authorize()
    await side.do("UPDATE app.connection_grant SET version = version + 1")
    answer = await side.process().call()
    assert isinstance(answer, Failed)
    assert answer.error.status == 500


async def test_A15_a_grant_is_sealed_to_the_tenants_new_key_and_is_renewed_under_it(side: Side) -> None:
    await side.authorize()
    done = await rotate(side.app, side.worker, side.sealer, side.tenant, [SECRETS, grants.SECRETS], actor=WHO)
    assert (done.version, done.sealed, done.passed) == (2, 2, 0)
    await side.age()
    assert isinstance(await side.process().call(), Done)
    (row,) = await side.do("SELECT key_version FROM app.connection_grant")
    assert (row["key_version"], side.system.renewals) == (2, 1)


async def test_S_60_a_code_counts_once_and_one_that_is_refused_is_told(side: Side) -> None:
    await side.return_with_code()
    workers = [side.process() for _ in range(3)]
    assert sorted(await asyncio.gather(*(one.exchanger.round() for one in workers))) == [0, 0, 1]
    assert side.system.codes == {}
    await side.return_with_code()
    side.system.codes.clear()
    assert await workers[0].exchanger.round() == 1
    (row,) = await side.do("SELECT state, reason, sealed FROM app.connection_link")
    assert tuple(row) == ("refused", "code-refused", None)
    assert await side.state() == ("held", None), "what was granted before counts on"
    assert isinstance(await workers[0].call(), Done)


async def test_S_60_a_code_that_nobody_exchanged_in_time_is_not_kept(side: Side) -> None:
    for is_taken in (False, True):
        await side.return_with_code()
        if is_taken:
            assert len(await Codes(side.worker, side.sealer).take(1)) == 1, "by a worker that dies"
            assert await side.process().exchanger.round() == 0
            (row,) = await side.do("SELECT state, sealed IS NULL FROM app.connection_link")
            assert tuple(row) == ("taken", False), "it may be under way yet"
        await side.do("UPDATE app.connection_link SET moved_at = moved_at - interval '11 minutes'")
        assert await side.process().exchanger.round() == 0
        (row,) = await side.do("SELECT state, reason, sealed, key_version FROM app.connection_link")
        assert tuple(row) == ("refused", "interrupted", None, None)
    assert side.system.asked == []


async def test_S_61_a_code_goes_nowhere_once_the_connection_leads_elsewhere(side: Side) -> None:
    await side.return_with_code()
    elsewhere = {"base_url": f"{side.system.url}/other", "allow_http": True, "client_id": "client-of-the-tests"}
    await side.change(settings=elsewhere, secrets={"client_secret": SECRET})
    assert await side.process().exchanger.round() == 1
    (row,) = await side.do("SELECT state, reason FROM app.connection_link")
    assert tuple(row) == ("refused", "settings")
    assert side.system.asked == []
