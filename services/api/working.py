"""Who works on human tasks by a call: somebody who is signed in, with the roles that they have now."""

from __future__ import annotations

from functools import partial
from typing import Any

from services.api import task_view
from services.api.call import Call
from services.api.client_network import network_of
from services.engine.approving import PersonNeeded
from services.human_tasks import people
from services.human_tasks.people import Person
from tenants.identity.permissions import Permission


def manages(request: Call) -> bool:
    """Whether the caller sees every queue and gives work out."""
    return Permission.TASKS_MANAGE in request.principal.permissions


async def person_of(request: Call, connection: Any) -> Person | None:
    """The person, None for a key and for who acts for a client; `connection` is in a transaction of the tenant."""
    principal = request.principal
    if principal.account_id is None or principal.is_acting or principal.tenant_id is None:
        return None
    who = Person(
        account=principal.account_id,
        actor=principal.actor,
        manages=manages(request),
        veil=partial(task_view.veiled, level=request.payloads),
        network=network_of(request.scope, request.resources.settings.trusted_proxies) or None,
    )
    return await people.read(connection, request.tenant.tenant_id, who)


async def somebody(request: Call, connection: Any) -> Person:
    """Raises PersonNeeded: a key, or somebody who acts for a client."""
    return known(await person_of(request, connection))


def known(person: Person | None) -> Person:
    """Raises PersonNeeded: it is nobody, as `person_of` says it of a key and of who acts for a client."""
    if person is None:
        raise PersonNeeded("Sign in to the portal: tasks are people's, and no key works on them")
    return person
