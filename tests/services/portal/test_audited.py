"""A17, S-87: the portal's own routes leave rows with their actor, and so does whoever acts as a client."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from services.portal.policy import POLICY
from tests.asgi import Answer
from tests.house.tree import ROOT
from tests.services.api.audit_log import Log
from tests.services.portal.authenticator import Authenticator
from tests.services.portal.staff import chief, staff
from tests.services.portal.test_acting import act
from tests.services.portal.test_invitations import COOKIE, accept, invite, opened
from tests.services.portal.test_passkeys import added, asked, asked_again, entered, proved
from tests.services.portal.test_second_factor import code, sign_in
from tests.services.portal.visitors import CLERK, PASSWORD, House, Visitor, cookies_of, token_of

NEW = "violet otter paints 7 bridges"
LOOKS = {
    "POST /portal/passkeys/ask": "a riddle, which changes nothing until it is solved",
    "POST /portal/passkeys/proof/ask": "the same",
    "POST /portal/passkey-session/ask": "the same",
    "POST /portal/second-factor": "a secret that counts for nothing until it is confirmed",
    "POST /portal/invitation": "shows the invitation to whoever has its link; `accept` is what changes something",
    "POST /portal/reconnect": "shows a connection's link to whoever has it",
    "POST /portal/reconnect/leave": "goes to the system; what comes of it is told as it comes back, or is exchanged",
    "POST /portal/providers/{provider}/leave": "goes to the provider; coming back is what signs in",
}
"""Changing routes that leave no row."""
ELSEWHERE = {
    "POST /portal/providers/{provider}/logout": (
        "tests/counterparts/oidc_provider/test_logout.py", "session.ended-at-provider",
    ),
    "POST /portal/link/decide": ("tests/services/portal/test_task_links.py", "task.completed"),
    "POST /portal/link/documents": ("tests/services/portal/test_outside.py", "task.attached"),
    "POST /portal/notices/{token}": ("tests/services/portal/test_notices.py", "notice.opted-out"),
    "POST /portal/notices/{token}/again": ("tests/services/portal/test_notices.py", "notice.opted-in"),
}  # fmt: skip
"""Routes of a provider, a reader of mail, or who has a link; the test that has one holds them to their row."""


class Walk:
    """Along the routes, with what the audit has of each."""

    def __init__(self, house: House, log: Log) -> None:
        self.house, self.log = house, log
        self.walked = {*LOOKS, *ELSEWHERE}
        self.me = f"account:{ids.show('acc', house.ids[f'{CLERK} at north'])}"

    async def told(self, route: str, answer: Answer, action: str, actor: str | None = None) -> Answer:
        assert answer.status < 300, (route, answer.body)
        rows = await self.log.new()
        assert (actor or self.me, action) in rows, (route, rows)
        self.walked.add(route)
        return answer


async def test_A17_S_87_each_of_the_portals_own_routes_leaves_a_row_with_its_actor(
    house: House, app_database: Database
) -> None:
    walk = Walk(house, Log(app_database, house.ids["acme"]))
    invited = (await invite(await chief(house, app_database))).json["link"]
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    await walk.log.new()
    await _passkeys(walk)
    await _secrets(walk)
    seen = await opened(house.north, invited)
    nina = await accept(house.north, cookies_of(seen)[COOKIE])
    hers = f"account:{nina.json['account']['id']}"
    await walk.told("POST /portal/invitation/accept", nina, "invitation.accepted", hers)
    await _acting(walk, sam)
    assert walk.walked == {f"{method} {path}" for method, path in POLICY if method != "GET"}
    for file, action in ELSEWHERE.values():
        assert action in (ROOT / file).read_text(), file


async def _passkeys(walk: Walk) -> None:
    north, device = walk.house.north, Authenticator()
    clerk = north.having(token_of(await walk.told("POST /portal/session", await north.sign_in(), "session.started")))
    proof = await clerk.send("POST", "/portal/session/proof", {"password": PASSWORD})
    clerk = clerk.having(token_of(await walk.told("POST /portal/session/proof", proof, "session.started")))
    made = await walk.told("POST /portal/passkeys", await added(clerk, device), "passkey.added")
    options, cookie = await asked_again(clerk)
    again = await proved(clerk, device.sign(options, clerk.origin), cookie)
    await walk.told("POST /portal/passkeys/proof", again, "session.started")
    options, cookie = await asked(north)
    inside = await entered(north, device.sign(options, clerk.origin), cookie)
    clerk = clerk.having(token_of(await walk.told("POST /portal/passkey-session", inside, "session.started")))
    gone = await clerk.send("DELETE", f"/portal/passkeys/{made.json['id']}")
    await walk.told("DELETE /portal/passkeys/{passkey}", gone, "passkey.removed")


async def _secrets(walk: Walk) -> None:
    north = walk.house.north
    clerk = await north.signed_in()
    secret = (await clerk.send("POST", "/portal/second-factor")).json["secret"]
    confirmed = await clerk.send("POST", "/portal/second-factor/confirm", {"code": code(secret)})
    await walk.told("POST /portal/second-factor/confirm", confirmed, "second-factor.set")
    clerk = north.having(token_of(await sign_in(north, code(secret, 1))))
    gone = await clerk.send("DELETE", "/portal/second-factor")
    await walk.told("DELETE /portal/second-factor", gone, "second-factor.removed")
    clerk = await north.signed_in()
    changed = await clerk.send("POST", "/portal/password", {"old": PASSWORD, "new": NEW})
    await walk.told("POST /portal/password", changed, "account.password-set")
    clerk = north.having(token_of(await north.sign_in(CLERK, NEW)))
    await walk.told("DELETE /portal/session", await clerk.send("DELETE", "/portal/session"), "session.ended")


async def _acting(walk: Walk, sam: Visitor) -> None:
    begun = await act(sam)
    his = f"acting:{begun.json['account']['id']}"
    acting = sam.having(token_of(await walk.told("POST /portal/acting", begun, "acting.started", his)))
    ended = await acting.send("DELETE", "/portal/acting")
    sam = sam.having(token_of(await walk.told("DELETE /portal/acting", ended, "acting.ended", his)))
    acting = sam.having(token_of(await act(sam)))
    await walk.log.new()
    left = await acting.send("DELETE", "/portal/session")
    await walk.told("DELETE /portal/session", left, "acting.ended", his)


async def test_S_87_who_is_signed_in_and_may_not_leaves_a_row_of_each_attempt(
    house: House, app_database: Database
) -> None:
    """A proof that failed is one: somebody else may sit there."""
    log = Log(app_database, house.ids["acme"])
    clerk = await house.north.signed_in()
    await log.new()
    me = f"account:{ids.show('acc', house.ids[f'{CLERK} at north'])}"
    for path, body, status in (
        ("/portal/session/proof", {"password": "wrong"}, 401),
        ("/portal/password", {"old": "wrong", "new": NEW}, 401),
        ("/portal/acting", {"client": "acme", "environment": "live", "reason": "because I can"}, 403),
    ):
        refused = await clerk.send("POST", path, body)
        assert refused.status == status, (path, refused.body)
        assert await log.new() == [(me, "access.denied")], path


async def test_S_87_what_is_done_by_who_acts_as_a_client_names_both(house: House, app_database: Database) -> None:
    sam = await staff(house, app_database, "sam@north.example", "administrator")
    begun = await act(sam)
    acting = sam.having(token_of(begun))
    made = await acting.send("POST", "/v1/sites", {"slug": "x", "name": "x"})
    assert made.status == 201, made.body
    assert (await acting.send("POST", "/v1/roles", {"slug": "x", "name": "x", "permissions": []})).status == 403
    boss = await chief(house, app_database)
    who = f"acting:{begun.json['account']['id']}"
    found = (await boss.get(f"/v1/audit?actor={who}")).json["items"]
    assert [one["action"] for one in found] == ["access.denied", "site.created", "acting.started"]
    (client,) = {one["on_behalf_of"] for one in found}
    assert client.startswith("cli_")
