"""The spine: organizations, tenants, engine, policies and doors."""

from infra.migrate import run_sql_folder

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql_folder("0001")


def downgrade() -> None:
    run_sql_folder("0001/down")
