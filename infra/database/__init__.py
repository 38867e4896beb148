"""Opens PostgreSQL: SQLAlchemy for the control plane, asyncpg for the data plane, one scope for both."""

from infra.database.attention import Attention, attend, divide
from infra.database.failures import is_outage
from infra.database.metadata import Base, naming, tenant_key
from infra.database.opening import Database
from infra.database.patience import surviving, through_outage
from infra.database.scope import Scope
from infra.database.turns import take_turn

__all__ = [
    "Attention",
    "Base",
    "Database",
    "Scope",
    "attend",
    "divide",
    "is_outage",
    "naming",
    "surviving",
    "take_turn",
    "tenant_key",
    "through_outage",
]
