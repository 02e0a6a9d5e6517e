"""Removing a desk takes everything of it and nothing of another."""

from __future__ import annotations

from sqlalchemy import func, select

from app.store import removal
from app.store.database import Database, Purpose
from app.store.models import Base, Desk, Role
from tests import seeds


def rows_of(database: Database, desk_id: int) -> dict[str, int]:
    """How many rows a desk has, by table."""
    tables = [table for table in Base.metadata.sorted_tables if "desk_id" in table.c]
    with database.system(Purpose.OPERATE, read=True) as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table).where(table.c.desk_id == desk_id)) or 0
            for table in tables
        }


def test_nothing_of_the_desk_is_left_and_the_other_one_is_whole(database: Database) -> None:
    gone, kept = seeds.add_desk(database, "First shop"), seeds.add_desk(database, "Second shop")
    for number, desk_id in enumerate((gone, kept)):
        seeds.add_story(database, desk_id, prefix=str(number))
        seeds.add_link(database, Role.LEAD, email=f"lena-{number}@example.com", desk_id=desk_id)
    before = rows_of(database, kept)

    with database.system(Purpose.OPERATE) as session:
        erased = removal.remove(session, gone)

    assert erased > sum(count > 0 for count in before.values())
    assert set(rows_of(database, gone).values()) == {0}
    assert rows_of(database, kept) == before
    with database.system(Purpose.OPERATE, read=True) as session:
        assert session.scalars(select(Desk.name)).all() == ["Second shop"]
