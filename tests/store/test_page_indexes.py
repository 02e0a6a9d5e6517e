"""What pages count and list on a large desk is read off an index; whose rows they are is asked once for a statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from app.store import deliveries, queue
from app.store.database import Database
from app.store.models import Base, Delivery, DeliveryState, TrackedTicket
from app.words import SatState
from connectors.ticket import TicketStatus
from tests.store.factories import NOW, add_delivery, add_desk, add_ticket

ROWS = 3_000
DEAD = deliveries.Filter(state=DeliveryState.DEAD)


def multiply(connection: Connection, table: type[Base], **values: str) -> None:
    """Copy the one row of a table; values are SQL in `n`."""
    own = {"id": "1000 + n"} | values
    names = [column.name for column in table.__table__.columns]
    chosen = ", ".join(own.get(name, f"t.{name}") for name in names)
    into = f"{table.__tablename__} ({', '.join(names)})"
    connection.execute(
        text(f"INSERT INTO {into} SELECT {chosen} FROM {table.__tablename__} t, generate_series(1, {ROWS}) n")
    )
    connection.execute(text(f"ANALYZE {table.__tablename__}"))


@pytest.fixture
def large(on_postgres: Database) -> int:
    """A desk of which one ticket in a hundred is not solved, and one delivery in a hundred is dead."""
    desk_id = add_desk(on_postgres)
    add_ticket(on_postgres, desk_id, ticket_id="one", state=SatState.POOR_WORSENING, status=TicketStatus.CLOSED)
    add_delivery(on_postgres, desk_id, event_id="one", state=DeliveryState.SETTLED)
    with on_postgres.engine.begin() as connection:
        connection.execute(text("SELECT set_config('kintsugi.desk', :desk, true)"), {"desk": str(desk_id)})
        status = "CASE WHEN n % 100 = 0 THEN 'open' ELSE 'closed' END"
        multiply(connection, TrackedTicket, ticket_id="'n' || n", status=status)
        multiply(
            connection, Delivery, event_id="'n' || n", state="CASE WHEN n % 100 = 0 THEN 'dead' ELSE 'settled' END"
        )
    return desk_id


def plans(database: Database, desk_id: int, call: Callable[[Session], object]) -> str:
    """How the database carries out all statements of a call."""
    said: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        said.append((statement, parameters))

    with database.desk(desk_id, read=True) as session:
        event.listen(database.engine, "before_cursor_execute", listen)
        try:
            call(session)
        finally:
            event.remove(database.engine, "before_cursor_execute", listen)
        return "\n".join(
            line
            for statement, parameters in said
            for line in session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
        )


@pytest.mark.parametrize(
    ("call", "index"),
    [
        (queue.count_by_state, "ix_tracked_ticket_unsolved"),
        (lambda session: queue.at_risk(session, limit=5), "ix_tracked_ticket_unsolved"),
        (queue.attention, "ix_tracked_ticket_dead"),
        (deliveries.backlog, "ix_tracked_ticket_dead"),
        (lambda session: deliveries.recent(session, DEAD, limit=5), "ix_delivery_state"),
    ],
)
def test_a_large_desk_is_not_looked_through(
    on_postgres: Database, large: int, call: Callable[[Session], object], index: str
) -> None:
    plan = plans(on_postgres, large, call)

    assert index in plan
    assert "Seq Scan on tracked_ticket" not in plan
    assert "Seq Scan on delivery" not in plan


@pytest.mark.parametrize("call", [queue.coverage, deliveries.counts])
def test_whose_rows_are_seen_is_asked_once_for_a_statement(
    on_postgres: Database, large: int, call: Callable[[Session], object]
) -> None:
    plan = plans(on_postgres, large, call)

    assert "InitPlan" in plan
    assert "current_setting" not in "".join(line for line in plan.splitlines() if "Filter" in line)


def test_tickets_at_risk_are_the_worst_of_all_as_far_as_the_limit_goes(database: Database, desk_id: int) -> None:
    for number, (state, score) in enumerate(
        [
            (SatState.GOOD_WORSENING, 60),
            (SatState.POOR_IMPROVING, 40),
            (SatState.POOR_WORSENING, 30),
            (SatState.GOOD_IMPROVING, 90),
            (SatState.POOR_WORSENING, 20),
        ]
    ):
        add_ticket(database, desk_id, ticket_id=str(number), state=state, score=score, state_since=NOW)

    with database.desk(desk_id, read=True) as session:
        three, all_of_them = queue.at_risk(session, limit=3), queue.at_risk(session)

    assert [item.ticket_id for item in three] == ["4", "2", "1"]
    assert [item.ticket_id for item in all_of_them] == ["4", "2", "1", "0"]
