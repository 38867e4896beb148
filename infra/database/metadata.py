"""The tables as SQLAlchemy knows them. The migrations are the truth; a test holds the two equal."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

naming: Final = {"pk": "%(table_name)s_pkey", "ix": "%(column_0_label)s"}


class Base(DeclarativeBase):
    metadata = MetaData(schema="app", naming_convention=naming)


def tenant_key(*, references: bool = False) -> MappedColumn[UUID]:
    """The first column of every tenant table's key (house rule 5).

    `references`: a foreign key to the tenant; tables whose rows come by the thousand do without.
    """
    return mapped_column(Uuid, *([ForeignKey("app.tenant.tenant_id")] if references else []), primary_key=True)
