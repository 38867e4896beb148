"""Many clients from one CSV file, each row a client of its own fate (ADR 0041). Safe to repeat: what is there stays.

Columns: `slug` and `name`; `environments` and `sites` (in live), names with semicolons between; the quotas of live; and
`parameter.NAME` for values of the client, read as JSON where they are.
"""

from __future__ import annotations

import csv
import io
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.problems import Problem
from tenants.organizations import levels, lifecycle, parameters, quotas, repository, service, sites
from tenants.organizations.errors import ClientStands, InvalidField, SlugTaken
from tenants.organizations.models import Client
from tenants.organizations.names import check_slug, is_slug
from tenants.organizations.quotas import QUOTAS, Quota

Outcome = Literal["created", "completed", "unchanged", "refused"]
MOST: Final = 500
"""Rows of one file."""
HOME: Final = "live"
"""The environment that a row's sites and quotas are of."""
_QUOTAS: Final[dict[str, Quota]] = {name.replace("-", "_"): name for name in QUOTAS}
_PLAIN: Final = frozenset({"slug", "name", "environments", "sites", *_QUOTAS})
_PARAMETER: Final = "parameter."


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A client as the file has it; `line` of the file, the first one is 1."""

    line: int
    slug: str
    name: str
    environments: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    quotas: dict[Quota, int] = {}
    parameters: dict[str, Any] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a row, or would. `client_id`: None where it was refused."""

    line: int
    slug: str
    outcome: Outcome
    detail: str = ""
    client_id: UUID | None = None


def read(text: str) -> list[Row | Result]:
    """The rows of a file; one that cannot be read is a refusal in its place.

    Raises:
        InvalidField: it is no CSV, or its columns are not those above, or it has too many rows.
    """
    found: list[Row | Result] = []
    seen: dict[str, int] = {}
    try:
        lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        columns = _columns(next(lines, []))
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            row = _row(lines.line_num, columns, cells)
            if row.slug in seen and isinstance(row, Row):
                row = _refused(row.line, row.slug, f"Line {seen[row.slug]} has the same slug")
            seen.setdefault(row.slug, row.line)
            found.append(row)
    except csv.Error as error:
        raise InvalidField("/csv", f"This is no CSV: {error}") from None
    if not 0 < len(found) <= MOST:
        raise InvalidField("/csv", f"Send 1 to {MOST} rows below the line with the columns")
    return found


async def take(session: AsyncSession, partner_id: UUID, row: Row, *, actor: str) -> Result:
    """Make the client, or complete it, in the partner's scope; all of a row or nothing. `take_sites` follows."""
    try:
        async with session.begin_nested():
            return await _take(session, partner_id, row, actor)
    except Problem as error:
        return _refused(row.line, row.slug, error.detail)


async def take_sites(session: AsyncSession, tenant_id: UUID, row: Row, *, actor: str) -> int:
    """Make those of the row's sites that are missing, in the tenant's scope; how many those were."""
    made = 0
    for slug in row.sites:
        try:
            async with session.begin_nested():
                await sites.create(session, tenant_id, slug=slug, name=slug, time_zone="UTC", actor=actor)
                made += 1
        except SlugTaken:
            continue
    return made


async def lacks_sites(session: AsyncSession, tenant_id: UUID, row: Row) -> bool:
    """Whether `take_sites` would make one, in the tenant's scope."""
    return bool(set(row.sites) - await sites.slugs(session, tenant_id))


async def _take(session: AsyncSession, partner_id: UUID, row: Row, actor: str) -> Result:
    check_slug(row.slug, "/slug")
    found = await repository.client(session, partner_id, slug=row.slug, lock=True)
    is_new = found is None
    if found is None:
        found, _ = await service.create_client(session, partner_id, slug=row.slug, name=row.name, actor=actor)
    elif found.name != row.name:
        raise SlugTaken("A client of this slug has another name; choose another slug, or give it its name")
    elif found.status != "active":
        raise ClientStands(f"The client is {found.status}; only an active one is completed")
    done, other = await _complete(session, found, row, actor)
    outcome: Outcome = "created" if is_new else "completed" if done else "unchanged"
    told = [", ".join(done), f"is another and stays: {', '.join(other)}" if other else ""]
    detail = "; ".join(one for one in told if one)
    return Result(line=row.line, slug=row.slug, outcome=outcome, detail=detail, client_id=found.client_id)


async def _complete(session: AsyncSession, found: Client, row: Row, actor: str) -> tuple[list[str], list[str]]:
    """What was added, and what is there with another value: somebody has changed it since, and it stays."""
    done: list[str] = []
    tenants = {one.environment: one.tenant_id for one in await service.tenants_of(session, found)}
    for name in row.environments:
        if name not in tenants:
            tenants[name] = (await lifecycle.add_environment(session, found, name, actor=actor)).tenant_id
            done.append(f"environment {name}")
    home = await levels.of_tenant(session, tenants[HOME])
    (standing,) = await quotas.read(session, home[-1:])
    other = [f"quota {name}" for name, most in row.quotas.items() if name in standing and standing[name].amount != most]
    amounts = {name: most for name, most in row.quotas.items() if name not in standing}
    if amounts:
        await quotas.change(session, home, amounts, actor=actor)
        done += [f"quota {name}" for name in amounts]
    chain = levels.of_client(found.partner_id, found.client_id)
    own = {one.name: one.value for one in await parameters.effective(session, chain[-1:])}
    other += [f"parameter {name}" for name, value in row.parameters.items() if name in own and own[name] != value]
    values = {name: value for name, value in row.parameters.items() if name not in own}
    if values:
        await parameters.change(session, chain[-1], values, actor=actor)
        done += [f"parameter {name}" for name in values]
    return done, other


def _columns(names: list[str]) -> list[str]:
    columns = [name.strip() for name in names]
    unknown = [name for name in columns if name not in _PLAIN and not name.startswith(_PARAMETER)]
    if unknown or len(set(columns)) != len(columns) or not {"slug", "name"} <= set(columns):
        known = ", ".join([*sorted(_PLAIN), f"{_PARAMETER}NAME"])
        said = f"; '{unknown[0][:64]}' is unknown" if unknown else ""
        raise InvalidField("/csv", f"Begin with a line of columns, each once, slug and name among them: {known}{said}")
    return columns


def _row(line: int, columns: list[str], cells: list[str]) -> Row | Result:
    if len(cells) != len(columns):
        return _refused(line, "", f"The line has {len(cells)} cells, and there are {len(columns)} columns")
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    amounts: dict[Quota, int] = {}
    for column, quota in _QUOTAS.items():
        text = given.get(column, "")
        if text and not (text.isascii() and text.isdigit() and len(text) <= len(str(2**53))):
            return _refused(line, given["slug"], f"{column} takes a whole number")
        if text:
            amounts[quota] = int(text)
    values = {
        name.removeprefix(_PARAMETER): _value(text)
        for name, text in given.items()
        if name.startswith(_PARAMETER) and text
    }
    if None in values.values():
        return _refused(line, given["slug"], "null takes a value away; leave the cell empty where there is none")
    places = _names(given.get("sites", ""))
    if not all(is_slug(one) for one in places):
        return _refused(line, given["slug"], "sites takes slugs with semicolons between")
    return Row(
        line=line,
        slug=given["slug"],
        name=given["name"],
        environments=_names(given.get("environments", "")),
        sites=places,
        quotas=amounts,
        parameters=values,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(";") if name.strip()))


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _refused(line: int, slug: str, detail: str) -> Result:
    return Result(line=line, slug=slug, outcome="refused", detail=detail)


def show(result: Result) -> str | None:
    """The client's id as people see it."""
    return None if result.client_id is None else ids.show("cli", result.client_id)
