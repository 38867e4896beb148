"""S-68 through a substitute: who lends a role lends no way round a duty, one by one, in bulk, or handed on."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from infra import clock, ids
from infra.problems import NotFound
from services.api.room import Room
from services.human_tasks import absences, acting, batches, people
from services.human_tasks.absences import Away
from services.human_tasks.acting import Act
from services.human_tasks.people import Person
from tests.services.api.test_matrix_judge import DOCUMENT, decree, hire, only, refused
from tests.services.api.test_matrix_judge import office as office  # noqa: PLC0414 (a fixture)
from tests.services.human_tasks.office import Office

ASKED = "Who asked for it does not decide it"


async def away(office: Office, who: Person, substitute: Person) -> None:
    """Since an hour, for a day."""
    now = clock.now()
    until = Away(since=now - timedelta(hours=1), until=now + timedelta(days=1), substitute=substitute.account)
    async with office.app.tenant(office.tenant) as connection:
        await absences.set_away(connection, office.tenant, who.account, until, actor=who.actor)


async def as_now(office: Office, who: Person) -> Person:
    """With whom they stand in for, as a request finds it."""
    async with office.app.tenant(office.tenant) as connection:
        return await people.read(connection, office.tenant, who)


async def test_S_68_a_substitute_of_who_asked_decides_neither_alone_nor_among_many(office: Office) -> None:
    jo, ben, ann = await hire(office, "jo"), await hire(office, "ben", "clerk"), await hire(office, "ann")
    await decree(office)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    await away(office, jo, ben)
    substitute = await as_now(office, ben)
    assert substitute.absent == {jo.account: jo.roles}
    assert await refused(office, task, substitute) == ASKED
    place = (office.app, office.desk, office.tenant, substitute)
    (seen,) = await batches.preview(*place, [task], outcome="approve", place=Room().place)
    assert (seen.outcome, seen.why) == ("refused", ASKED)
    # As if the preview had let it through: each is asked once more when it is decided.
    batch = batches.Batch(substitute.account, "approve", None, [batches.Seen(task, 1)])
    ((told, run),) = await batches.drive(*place, batch, Room().place)
    assert (told.outcome, told.why, run) == ("refused", ASKED, None)
    assert (await office.complete(task, ann)).is_complete


async def test_S_68_two_approvals_are_by_two_people_whomever_they_stand_in_for(office: Office) -> None:
    ann, cat, ben = await hire(office, "ann"), await hire(office, "cat"), await hire(office, "ben", "clerk")
    await decree(office, approvals=2)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    assert not (await office.complete(task, ann)).is_complete
    await away(office, ann, ben)
    twice = "Each approval is by another person, and a substitute is no other one"
    assert await refused(office, task, await as_now(office, ben)) == twice
    # By another one's role it is the substitute's own approval: the same hand does not give the other one as well.
    await away(office, cat, ben)
    async with office.app.tenant(office.tenant) as connection:
        await absences.set_away(connection, office.tenant, ann.account, None, actor=ann.actor)
    assert (await office.complete(task, await as_now(office, ben))).is_complete
    kept = await office.rows("SELECT account_id, behalf FROM app.human_task_decision ORDER BY number")
    assert [tuple(one) for one in kept] == [(ann.account, None), (ben.account, cat.account)]


async def test_S_68_one_hand_gives_no_two_approvals_by_the_roles_of_two(office: Office) -> None:
    ann, cat, ben = await hire(office, "ann"), await hire(office, "cat"), await hire(office, "ben", "clerk")
    await decree(office, approvals=2)
    await office.begin(1, DOCUMENT)
    task = await only(office)
    await away(office, ann, ben)
    await away(office, cat, ben)
    substitute = await as_now(office, ben)
    assert not (await office.complete(task, substitute)).is_complete
    for lent in (ann, cat):
        again = msgspec.structs.replace(substitute, absent={lent.account: lent.roles})
        assert not (await office.complete(task, again)).is_complete
    (kept,) = await office.rows("SELECT behalf FROM app.human_task_decision")
    # Nor does whom they stood in for, who is back: it was theirs already. The other one's is another.
    back, other = (ann, cat) if kept["behalf"] == ann.account else (cat, ann)
    assert await refused(office, task, back) == "You have decided it before: somebody else has to as well"
    assert (await office.complete(task, other)).is_complete


async def test_S_68_a_task_that_is_handed_on_takes_no_authority_along(office: Office) -> None:
    ann, ben, jo = await hire(office, "ann"), await hire(office, "ben", "clerk"), await hire(office, "jo")
    await decree(office)
    await office.begin(1, DOCUMENT)
    task = await only(office)

    async def give(by: Person, to: Person, version: int) -> None:
        wanted = Act(action="delegate", seen=version, to=f"account:{ids.show('acc', to.account)}")
        async with office.app.tenant(office.tenant) as connection:
            await acting.act(connection, office.tenant, task, by, wanted)

    await give(ann, ben, 1)
    assert await refused(office, task, ben) == "The role credit-manager decides this"
    # Who has it in hand by that may hand it back, also to who asked for it: that is no way round the duty either.
    await give(ben, jo, 2)
    assert await refused(office, task, jo) == ASKED
    with pytest.raises(NotFound):
        await give(ben, ben, 3)
