"""Users and groups of the sandbox: end users, agents, the integration's admin, and who belongs to which group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.sandbox import organizations
from connectors.sandbox.refusals import Missing
from connectors.sandbox.store import Db, Row, insert, next_id

#: What the helpdesk itself does is signed with this id; there is no user behind it.
SYSTEM_ID = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: int
    name: str
    email: str | None
    role: str  #: "end-user", "agent" or "admin"
    suspended: bool
    locale: str
    created_at: str
    updated_at: str
    organization_id: int | None = None

    @property
    def is_staff(self) -> bool:
        return self.role != "end-user"


SYSTEM = Person(
    id=SYSTEM_ID,
    name="System",
    email=None,
    role="admin",
    suspended=False,
    locale="en-US",
    created_at="2020-01-01T00:00:00Z",
    updated_at="2020-01-01T00:00:00Z",
)


def person_of(row: Row) -> Person:
    return Person(**{**dict(row), "suspended": bool(row["suspended"])})


def find(db: Db, person_id: int) -> Person | None:
    if person_id == SYSTEM_ID:
        return SYSTEM
    row = db.execute("SELECT * FROM person WHERE id = ?", (person_id,)).fetchone()
    return None if row is None else person_of(row)


def get(db: Db, person_id: int) -> Person:
    """Raises Missing."""
    person = find(db, person_id)
    if person is None:
        raise Missing(f"no user {person_id}")
    return person


def find_by_email(db: Db, email: str) -> Person | None:
    row = db.execute("SELECT * FROM person WHERE email = ?", (email,)).fetchone()
    return None if row is None else person_of(row)


def many(db: Db, ids: Sequence[int]) -> list[Person]:
    """Those of the users that exist, by id."""
    marks = ", ".join("?" * len(ids))
    rows = db.execute(f"SELECT * FROM person WHERE id IN ({marks}) ORDER BY id", tuple(ids))
    return [person_of(row) for row in rows]


def staff(db: Db) -> list[Person]:
    return [person_of(row) for row in db.execute("SELECT * FROM person WHERE role != 'end-user' ORDER BY id")]


def add(db: Db, *, name: str, email: str | None, role: str, now: str) -> Person:
    person_id = next_id(db)
    columns = {"id": person_id, "name": name, "email": email, "role": role}
    home = organizations.find_by_address(db, email) if role == "end-user" else None
    insert(db, "person", **columns, organization_id=home, created_at=now, updated_at=now)
    return get(db, person_id)


def customer(db: Db, *, name: str, email: str, now: str) -> Person:
    """The user with this address, made as an end user if there is none."""
    return find_by_email(db, email) or add(db, name=name or email.split("@")[0], email=email, role="end-user", now=now)


def suspend(db: Db, person_id: int, now: str) -> None:
    db.execute("UPDATE person SET suspended = 1, updated_at = ? WHERE id = ?", (now, person_id))


def add_group(db: Db, name: str, now: str) -> int:
    group_id = next_id(db)
    insert(db, "team", id=group_id, name=name, created_at=now)
    return group_id


def find_group_name(db: Db, group_id: int) -> str | None:
    row = db.execute("SELECT name FROM team WHERE id = ?", (group_id,)).fetchone()
    return None if row is None else str(row[0])


def join(db: Db, *, user_id: int, group_id: int, now: str) -> None:
    is_first = db.execute("SELECT 1 FROM membership WHERE user_id = ?", (user_id,)).fetchone() is None
    insert(
        db, "membership", id=next_id(db), user_id=user_id, group_id=group_id, is_default=int(is_first), created_at=now
    )


def is_member(db: Db, user_id: int, group_id: int) -> bool:
    row = db.execute("SELECT 1 FROM membership WHERE user_id = ? AND group_id = ?", (user_id, group_id)).fetchone()
    return row is not None


def find_default_group(db: Db, user_id: int) -> int | None:
    row = db.execute("SELECT group_id FROM membership WHERE user_id = ? AND is_default", (user_id,)).fetchone()
    return None if row is None else int(row[0])
