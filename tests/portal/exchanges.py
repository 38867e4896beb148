"""What a client's own systems and people exchange with us: webhooks that come in, directories, files that are saved."""

from __future__ import annotations

import asyncio

from infra import ids
from tests.portal.side import Side
from tests.services.api.directories import ISSUER, TYPED, Directory, person
from tests.services.api.senders import make_sender
from tests.services.archives.olden import Olden


async def incoming(side: Side) -> None:
    """What another system is answered that sends webhooks: taken, again, unproven, of another form, closed."""
    caller = side.caller("incoming webhook")
    sender = await make_sender(caller, caller.having(None), connection=side.known["connection"])
    side.known |= {"hook": sender.made["id"], "address": sender.made["path"].rpartition("/")[2]}
    taken = await sender.send("first")
    side.known["received"] = taken.json["id"]
    again, other, unproven = await sender.send("first"), await sender.send("first", b"{}"), await sender.raw(b"{}", {})
    form = await sender.raw(b"<a/>", sender.signed("second", b"<a/>"), "text/xml")
    assert [one.status for one in (taken, again, other, unproven, form)] == [202, 200, 409, 401, 415]
    for part in ("", f"/{side.known['received']}"):
        await caller.get(f"{sender.at}/received{part}")
    assert (await caller.post(f"{sender.at}/disable")).status == 200
    # What was looked up a moment ago is remembered for two seconds.
    while (await sender.send("first")).status != 410:
        await asyncio.sleep(0.2)


async def provisioned(side: Side) -> None:
    """A directory's own answers: people and groups, and its errors."""
    caller = side.caller("provisioning")
    wanted = {"name": "Own", "issuer": ISSUER, "client_id": "portal"}
    provider = (await caller.post("/v1/identity-providers", wanted)).json["id"]
    await caller.post(f"/v1/identity-providers/{provider}/provision")
    directory = Directory(caller, provider)
    made = await directory.send("POST", "/Users", person("ada"))
    side.known |= {"provider": provider, "user": made.json.get("id", "acc_x")}
    for path in ("/Users", f"/Users/{side.known['user']}", "/Groups", "/Users?filter=x", "/Nothing"):
        await directory.get(path)
    for body in ({}, person("ada"), {"schemas": ["other"]}):
        await directory.send("POST", "/Users", body)
    await caller.send("POST", "/scim/v2/Users", raw=b"{", headers=TYPED)
    assert made.status == 201, made.body


async def files(side: Side, olden: Olden) -> None:
    """What is saved under a name that we give: logs in both forms, a document, what came out of an archive."""
    archived = await olden.archived(side.tenant, ids.read("dep", side.known["deployment"]))
    side.known["archived"] = ids.show("run", archived)
    caller = side.caller("archive")
    assert (await caller.get("/v1/archives")).json["items"]
    assert (await caller.get(f"/v1/archives/runs/{side.known['archived']}")).status == 200
    caller = side.caller("file")
    at = f"/v1/runs/{side.known['run']}/documents"
    side.known["document"] = (await caller.post(f"{at}?name=pod.txt", raw=b"delivered")).json["id"]
    saved = [await caller.get(f"{at}/{side.known['document']}/content")]
    saved += [await caller.get(f"/v1/audit/export?format={form}") for form in ("jsonl", "csv")]
    for one in saved:
        assert (one.status, "filename" in one.headers.get("content-disposition", "")) == (200, True), one.headers
