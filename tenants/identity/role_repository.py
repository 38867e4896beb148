"""All SQL about roles and who has them. Row-level security limits each query to the scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, any_, delete, exists, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from infra.pagination import Page
from tenants.identity.models import Account
from tenants.identity.people_models import AccountRole, Role

_OWN: Final = "own"
_THE_PRODUCTS: Final = "product"


async def add_role(session: AsyncSession, values: dict[str, Any]) -> Role | None:
    """The new role, None when there is one of that slug."""
    made = insert(Role).values(role_id=ids.new(), **values).on_conflict_do_nothing().returning(Role)
    return (await session.scalars(made)).one_or_none()


async def role(session: AsyncSession, role_id: UUID, *, lock: bool = False) -> Role | None:
    """`lock`: until the transaction ends nobody else changes or gives it; who has it keeps it."""
    query = select(Role).where(Role.role_id == role_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def roles(session: AsyncSession, page: Page | None = None) -> list[Role]:
    """All that the scope sees, those of the product first. `page`: one more than it holds; None: all."""
    order = (Role.partner_id.is_not(None), Role.role_id)
    query = select(Role).order_by(*order)
    if page is not None and page.after is not None:
        own, _, last = page.after.partition(" ")
        query = query.where(tuple_(*order) > tuple_(literal(own == _OWN), literal(UUID(last))))
    return list((await session.scalars(query if page is None else query.limit(page.limit + 1))).all())


def position(found: Role) -> str:
    """In the order of `roles`."""
    return f"{_THE_PRODUCTS if found.partner_id is None else _OWN} {found.role_id}"


async def by_ids(session: AsyncSession, wanted: Collection[UUID]) -> list[Role]:
    """Those that the scope may change are locked against it, so that none is given that is taken away just now."""
    locked = select(Role.role_id).where(Role.role_id.in_(wanted)).order_by(Role.role_id)
    await session.execute(locked.with_for_update(read=True))
    return list((await session.scalars(select(Role).where(Role.role_id.in_(wanted)))).all())


async def set_role(session: AsyncSession, role_id: UUID, changes: dict[str, Any]) -> None:
    await session.execute(update(Role).where(Role.role_id == role_id).values(**changes))


async def holders(session: AsyncSession, role_id: UUID) -> Sequence[Account]:
    """Who has the role."""
    of = exists().where(AccountRole.partner_id == Account.partner_id, AccountRole.account_id == Account.account_id)
    return (await session.scalars(select(Account).where(of.where(AccountRole.role_id == role_id)))).all()


async def roles_of(session: AsyncSession, accounts: Collection[UUID]) -> dict[UUID, list[Role]]:
    """Of each account, its roles by name."""
    query = (
        select(AccountRole.account_id, Role)
        .join(Role, Role.role_id == AccountRole.role_id)
        .where(AccountRole.account_id.in_(accounts))
        .order_by(Role.name, Role.role_id)
    )
    found: dict[UUID, list[Role]] = {one: [] for one in accounts}
    for account_id, one in await session.execute(query):
        found[account_id].append(one)
    return found


async def give(session: AsyncSession, account: Account, wanted: Collection[UUID]) -> None:
    """The account has exactly these roles from now on."""
    mine = (AccountRole.partner_id == account.partner_id) & (AccountRole.account_id == account.account_id)
    await session.execute(delete(AccountRole).where(mine, AccountRole.role_id.not_in(wanted)))
    if wanted:
        of = {"partner_id": account.partner_id, "account_id": account.account_id, "tenant_id": account.tenant_id}
        rows = [{**of, "role_id": one} for one in wanted]
        await session.execute(insert(AccountRole).values(rows).on_conflict_do_nothing())


async def give_one(session: AsyncSession, account: Account, role_id: UUID) -> bool:
    """Whether the account did not have the role before."""
    of = {"partner_id": account.partner_id, "account_id": account.account_id, "tenant_id": account.tenant_id}
    made = insert(AccountRole).values(**of, role_id=role_id).on_conflict_do_nothing().returning(AccountRole.role_id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def take_one(session: AsyncSession, account: Account, role_id: UUID) -> bool:
    """Whether the account had the role."""
    mine = (AccountRole.partner_id == account.partner_id) & (AccountRole.account_id == account.account_id)
    taken = delete(AccountRole).where(mine, AccountRole.role_id == role_id).returning(AccountRole.role_id)
    return (await session.execute(taken)).scalar_one_or_none() is not None


async def held(session: AsyncSession, account: Account) -> frozenset[str]:
    """What the account may, by itself and by its roles."""
    query = select(_held()).where(Account.partner_id == account.partner_id, Account.account_id == account.account_id)
    return frozenset((await session.execute(query)).scalar_one())


async def take_turn_there(session: AsyncSession, partner_id: UUID | None, tenant_id: UUID | None) -> None:
    """Before accounts of the tenant, or of the partner's own, are locked: in one order by whoever locks several."""
    await take_turn(session, "people", partner_id, tenant_id)


async def places_with(session: AsyncSession, found: Role, permission: str) -> set[UUID | None]:
    """Where anybody has the role: the tenants (None: the partner) in which an active account may do it.

    All accounts there are locked first, as by `others_hold`.
    """
    of = exists().where(AccountRole.partner_id == Account.partner_id, AccountRole.account_id == Account.account_id)
    having = select(Account.tenant_id).where(of.where(AccountRole.role_id == found.role_id)).distinct()
    tenants = set((await session.scalars(having)).all())
    for tenant_id in sorted(tenants, key=str):
        await take_turn_there(session, found.partner_id, tenant_id)
    there: ColumnElement[bool] = Account.tenant_id.in_(tenants - {None})
    if None in tenants:
        there |= Account.tenant_id.is_(None)
    await session.execute(select(Account.account_id).where(there).order_by(Account.account_id).with_for_update())
    able = select(Account.tenant_id).where(there, Account.status == "active", literal(permission) == any_(_held()))
    return set((await session.scalars(able.distinct())).all())


async def anybody_holds(session: AsyncSession, partner_id: UUID, tenant_id: UUID, permissions: Collection[str]) -> bool:
    """Whether an account of the tenant, active or disabled, holds them all."""
    there = (Account.partner_id == partner_id) & (Account.tenant_id == tenant_id)
    query = select(exists().where(there, _held().contains(sorted(permissions))))
    return bool((await session.execute(query)).scalar_one())


async def others_hold(session: AsyncSession, account: Account, permission: str) -> bool:
    """Whether another active account of the same tenant, or of the partner, may do it.

    All accounts there are locked first, so that two who take it from each other wait for one another.
    """
    await take_turn_there(session, account.partner_id, account.tenant_id)
    there = (Account.partner_id == account.partner_id) & Account.tenant_id.is_not_distinct_from(account.tenant_id)
    locked = select(Account.account_id).where(there).order_by(Account.account_id).with_for_update()
    await session.execute(locked)
    query = select(
        exists().where(
            there,
            Account.account_id != account.account_id,
            Account.status == "active",
            literal(permission) == any_(_held()),
        )
    )
    return bool((await session.execute(query)).scalar_one())


def _held() -> Any:
    own = (Account.partner_id, Account.account_id, Account.permissions)
    return func.app.held_permissions(*own, type_=ARRAY(Text))
