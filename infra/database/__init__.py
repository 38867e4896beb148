"""Opens PostgreSQL for somebody: SQLAlchemy sessions for the control plane, asyncpg for the data plane, one scope for both."""

from infra.database.failures import is_outage
from infra.database.metadata import Base, naming, tenant_key
from infra.database.opening import Database
from infra.database.patience import through_outage
from infra.database.scope import Scope

__all__ = ["Base", "Database", "Scope", "is_outage", "naming", "tenant_key", "through_outage"]
