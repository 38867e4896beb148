"""Partners that claim a domain: resolvers of our own on loopback answer, time passes where a test says so."""

from __future__ import annotations

from uuid import UUID

from infra.database import Database, Scope
from infra.embedded.stack import Stack
from services.worker import domains as checking
from tenants.organizations import branding, domains
from tenants.organizations import service as organizations
from tenants.organizations.branding import Use
from tenants.organizations.domain_proofs import Question, Rules, proof_of
from tenants.organizations.models import DomainClaim
from tests.resolvers import Resolvers
from tests.superuser import connected
from tests.world import make_tenant

NAME = "portal.north.example"
RULES = Rules(edge="edge.platform.example")


def question_of(claim: DomainClaim) -> Question:
    return Question(claim.partner_id, claim.claim_id, claim.domain, claim.token, claim.target)


class Side:
    """One partner with its claim of `NAME`."""

    def __init__(self, house: House, partner: UUID) -> None:
        self.house, self.partner = house, partner

    async def claim(self, use: Use = "portal") -> DomainClaim:
        async with self.house.app.session(Scope.partner(self.partner)) as session:
            made = await domains.claim(session, self.partner, NAME, use, own=(), actor="test")
            await session.commit()
        return made

    async def publish(self) -> None:
        """Show this one's proof, and no other one's."""
        found = await self.read()
        self.house.resolvers.publish(f"_portal-claim.{NAME}", f'TXT "{proof_of(found.token)}"')

    async def read(self) -> DomainClaim:
        async with self.house.app.session(Scope.partner(self.partner)) as session:
            return await domains.find(session, self.partner, NAME)

    async def check(self) -> str:
        """As the worker does it, with this claim due; answers the state."""
        await self.set_back("check_at", "1 minute")
        await checking.look(self.house.worker, self.house.resolvers.lookups, RULES)
        return (await self.read()).state

    async def set_back(self, column: str, interval: str) -> None:
        """A time of the claim lies `interval` before now, as if so much had passed."""
        async with connected(self.house.stack, self.house.name) as root:
            await root.execute(
                f"UPDATE app.domain_claim SET {column} = clock_timestamp() - $1::text::interval WHERE partner_id = $2",  # noqa: S608 (a column's name)
                interval,
                self.partner,
            )

    async def hold(self) -> None:
        """Claimed, proven, waited for and in use."""
        await self.claim()
        assert await self.wait() == "active"

    async def wait(self) -> str:
        """Proven, and waited for; answers the state."""
        await self.publish()
        assert await self.check() == "quarantined"
        await self.set_back("usable_at", "1 second")
        return await self.check()

    async def release(self) -> None:
        async with self.house.app.session(Scope.partner(self.partner)) as session:
            await domains.release(session, self.partner, NAME, actor="test")
            await session.commit()


class House:
    def __init__(self, app: Database, worker: Database, stack: Stack, name: str, resolvers: Resolvers) -> None:
        self.app, self.worker, self.stack, self.name, self.resolvers = app, worker, stack, name, resolvers

    async def side(self, slug: str) -> Side:
        return Side(self, (await make_tenant(self.app, slug)).partner_id)

    async def give(self, slug: str) -> None:
        """The operator gives `NAME` to a partner."""
        async with self.app.session(Scope.operator()) as session:
            partner = await organizations.find_partner(session, f"partner-of-{slug}")
            await branding.add_host(session, partner, NAME, actor="test")
            await session.commit()

    async def take(self) -> None:
        async with self.app.session(Scope.operator()) as session:
            await branding.remove_host(session, NAME, actor="test")
            await session.commit()

    async def host(self) -> UUID | None:
        """Whose `NAME` is, as a request finds it."""
        found = await branding.of_host(self.app, NAME)
        return None if found is None else found.partner_id
