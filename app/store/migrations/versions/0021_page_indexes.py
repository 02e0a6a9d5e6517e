"""What pages count and list by, so that they need not look through all tickets and deliveries of a desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

#: Tables whose rows a page counts all of.
COUNTED = ("delivery", "tracked_ticket")


def upgrade() -> None:
    """Bring the indexes up. No table is new; the row policies keep what they allow."""
    _partial("ix_tracked_ticket_dead", ["desk_id"], "dead_at IS NOT NULL")
    unsolved = "status IS NULL OR status NOT IN ('solved', 'closed', 'deleted', 'spam')"
    _partial("ix_tracked_ticket_unsolved", ["desk_id", "state", "score", "id"], unsolved)
    op.create_index("ix_delivery_state", "delivery", ["desk_id", "state", "id"])
    for table in COUNTED:
        _ask_once(table)


def _partial(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "tracked_ticket", columns, postgresql_where=condition, sqlite_where=condition)


def _ask_once(table: str) -> None:
    """Whose rows a transaction may see is looked up once for a statement, and no longer once for every row."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = (SELECT nullif(current_setting('kintsugi.desk', true), '')::bigint)"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER POLICY own_desk ON {table} USING ({desk} OR (SELECT {purpose}))")
