"""A desk as large as a big company's, straight into PostgreSQL: tickets, scores, messages, cases and their parts.

One story as the tests tell it (`tests.seeds`) is stored by the product's own code; here its rows are multiplied by the
database itself, with their ids, times, states and people spread. So a column that is new is filled as the story
fills it. Nothing is measured here.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy import update

from app.store.database import Database, Purpose
from app.store.models import Base, Desk
from tests import seeds
from tests.servers import free_port

SCORES_PER_TICKET = 5
MESSAGES_PER_TICKET = 2  #: whose words are still there
TICKETS_PER_PERSON = 3
TICKETS_PER_CASE = 50
CASES_PER_OPEN = 4
TICKETS_PER_RATING = 10
TICKETS_PER_OPEN = 33
SECONDS_BETWEEN = 90  #: from one ticket to the next; a million are three years
FIRST = 100_000  #: ids below are the story's own

STATES = "ARRAY['good_improving', 'good_worsening', 'poor_improving', 'poor_worsening']"
STAGES = "ARRAY['flagged', 'assigned', 'contacted', 'resolved']"
ENDS = "ARRAY['recovered', 'lost', 'expired']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """A desk and how to pick something on it."""

    desk_id: int
    first: int  #: ids above this one are the crowd's
    tickets: int
    cases: int
    people: int
    protocol_id: int
    delivery_id: int
    step_id: int
    chance: random.Random

    def pick(self, name: str) -> str | None:
        """What may stand in a path under that name; None where nothing is known of it."""
        among = {"ticket_id": self.tickets, "case_id": self.cases, "person_id": self.people}
        if name in among:
            return str(self.first + self.chance.randrange(1, among[name] + 1))
        return {
            "agent_id": seeds.AGENT,
            "delivery_id": str(self.delivery_id),
            "desk_id": str(self.desk_id),
            "group_id": seeds.GROUP,
            "number": "1",
            "protocol_id": str(self.protocol_id),
            "step_id": str(self.step_id),
        }.get(name)


def gather(database: Database, superuser_url: str, *, tickets: int) -> Crowd:
    """Fill two desks, nine tenths of it on the first, which is the one returned; needs a role that may skip checks."""
    desks = [seeds.add_desk(database, name, app_id="77") for name in ("Large shop", "Small shop")]
    stories = [
        seeds.add_story(database, desk_id, prefix=prefix) for desk_id, prefix in zip(desks, ("", "9"), strict=True)
    ]
    seeds.add_team(database, desks[0])
    with database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).values(base_url=f"http://127.0.0.1:{free_port()}"))  # no helpdesk answers
    large = tickets * 9 // 10
    with psycopg.connect(superuser_url) as connection:
        # Every row is a copy of one that was checked; looking up its parents again would take half of the time.
        connection.execute("SET session_replication_role = replica")
        _multiply_story(connection, stories[0], first=FIRST, tickets=large)
        _multiply_story(connection, stories[1], first=FIRST + large, tickets=tickets - large)
        _count_on(connection)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return Crowd(
        desk_id=desks[0],
        first=FIRST,
        tickets=large,
        cases=large // TICKETS_PER_CASE,
        people=large // TICKETS_PER_PERSON,
        protocol_id=stories[0].protocol_id,
        delivery_id=stories[0].dead_delivery_id,
        step_id=stories[0].stuck_step_id,
        chance=random.Random(6),
    )


Values = Mapping[str, str]  #: column -> SQL in `n`, which counts from 1, and `t`, the row that is copied


def _multiply_story(connection: psycopg.Connection, story: seeds.Seeded, *, first: int, tickets: int) -> None:
    people, cases = tickets // TICKETS_PER_PERSON, tickets // TICKETS_PER_CASE
    tracked = f"SELECT id FROM tracked_ticket WHERE ticket_id = '{story.ticket_id}' AND desk_id = {story.desk_id}"
    connection.execute(f"CREATE TEMP TABLE told ON COMMIT DROP AS {tracked}".encode())
    of_ticket = "tracked_id = (SELECT id FROM told)"
    copy = _Copier(connection, first)
    copy("person", f"desk_id = {story.desk_id}", people, _person())
    copy("tracked_ticket", "id = (SELECT id FROM told)", tickets, _ticket(first, people))
    for number in range(SCORES_PER_TICKET):
        said = _said(first, number)
        copy("score", f"{of_ticket} AND score = 31", tickets, said | _state_of(f"n + {number}"), spread=number)
        if number < MESSAGES_PER_TICKET:
            copy("message", f"{of_ticket} AND author = 'customer'", tickets, said, spread=number)
    of_own = {"tracked_id": f"{first} + n"}
    copy("decision", of_ticket, tickets, of_own | {"case_id": "NULL", "at": _ago(30)})
    copy("rating", of_ticket, tickets // TICKETS_PER_RATING, _rating(first))
    copy("delivery", f"id = {story.dead_delivery_id}", tickets, _delivery(first))
    copy("recovery_case", f"id = {story.case_id}", cases, _case(first))
    of_case = {"case_id": f"{first} + n", "tracked_id": f"{first} + n * {TICKETS_PER_CASE}"}
    for number, action in enumerate(("1-assign", "2-tag", "3-note", "4-alert")):
        marker = {"marker": f"'bench-{first}-{number}-' || n", "planned_at": _ago(20, TICKETS_PER_CASE)}
        copy("step", f"{of_ticket} AND action = '{action}'", cases, of_case | marker, spread=number)
    copy("invitation", f"{of_ticket} AND round = 1", cases, of_case | _invitation(first))
    answers = {"invitation_id": f"{first} + n", "case_id": f"{first} + n", "at": _ago(2, TICKETS_PER_CASE)}
    copy("answer", f"case_id = {story.case_id}", cases, answers)
    connection.execute("DROP TABLE told")


class _Copier:
    """Copies one row of a table `count` times under new ids; what the values leave out stays as it is."""

    def __init__(self, connection: psycopg.Connection, first: int) -> None:
        self._connection = connection
        self._first = first

    def __call__(self, table: str, which: str, count: int, values: Values, *, spread: int = 0) -> None:
        columns = self._columns(table)
        # Rounds of one table, such as a ticket's five scores, have ids of their own.
        own = {"id": f"{self._first} + n + {spread}::bigint * 100000000"} | dict(values)
        chosen = sql.SQL(", ").join(
            sql.SQL(own[name]) if name in own else sql.Identifier("t", name) for name in columns
        )
        query = sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {chosen} FROM "
            "(SELECT * FROM {table} WHERE {which} ORDER BY id LIMIT 1) t, generate_series(1, {count}) n"
        )
        self._connection.execute(
            query.format(
                table=sql.Identifier(table),
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                chosen=chosen,
                which=sql.SQL(which),
                count=sql.Literal(count),
            )
        )

    def _columns(self, table: str) -> list[str]:
        found = self._connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        )
        return [name for (name,) in found]


def _ago(hours: int, tickets_each: int = 1) -> str:
    """So many hours before the story's present, and further back with every row."""
    seconds = tickets_each * SECONDS_BETWEEN
    return f"'{seeds.NOW.isoformat()}'::timestamptz - interval '{hours} hours' - n * {seconds} * interval '1 second'"


def _state_of(number: str) -> dict[str, str]:
    state = f"({STATES})[1 + ({number}) % 4]"
    return {
        "state": state,
        "level": f"split_part({state}, '_', 1)",
        "direction": f"split_part({state}, '_', 2)",
        "score": f"CASE WHEN ({number}) % 4 < 2 THEN 50 + n % 50 ELSE n % 50 END",
    }


def _person() -> dict[str, str]:
    return {
        "helpdesk_id": "'crowd' || n",
        "email_hash": "md5(n::text) || md5('person' || n)",
    }


def _ticket(first: int, people: int) -> dict[str, str]:
    return _state_of("n") | {
        "ticket_id": f"({first} + n)::text",
        "person_id": f"{first} + 1 + n % {people}",
        "organization_id": "(n % 20000)::text",
        "status": f"CASE WHEN n % {TICKETS_PER_OPEN} = 0 THEN 'open' ELSE 'closed' END",
        "opened_at": _ago(30),
        "scored_at": _ago(10),
        "state_since": _ago(10),
        "read_at": _ago(10),
        "lowest_at": _ago(10),
    }


def _said(first: int, number: int) -> dict[str, str]:
    return {"tracked_id": f"{first} + n", "message_id": f"n || '-{number}'", "at": _ago(30 - 4 * number)}


def _rating(first: int) -> dict[str, str]:
    return {
        "tracked_id": f"{first} + n * {TICKETS_PER_RATING}",
        "person_id": f"(SELECT person_id FROM tracked_ticket WHERE id = {first} + n * {TICKETS_PER_RATING})",
        "rating_id": "'crowd' || n",
        "value": "(n % 2)::float8",
        "at": _ago(5, TICKETS_PER_RATING),
    }


def _delivery(first: int) -> dict[str, str]:
    return {
        "event_id": "'crowd' || n",
        "ticket_id": f"({first} + n)::text",
        "state": "CASE WHEN n % 1000 = 0 THEN 'dead' ELSE 'settled' END",
        "received_at": _ago(9),
    }


def _case(first: int) -> dict[str, str]:
    tracked = f"{first} + n * {TICKETS_PER_CASE}"
    is_open = f"n % {CASES_PER_OPEN} = 0"
    return {
        "tracked_id": tracked,
        "person_id": f"(SELECT person_id FROM tracked_ticket WHERE id = {tracked})",
        "open_key": f"CASE WHEN {is_open} THEN {tracked} END",
        "stage": f"CASE WHEN {is_open} THEN ({STAGES})[1 + n / {CASES_PER_OPEN} % 4] ELSE ({ENDS})[1 + n % 3] END",
        "opened_at": _ago(15, TICKETS_PER_CASE),
        "flagged_at": _ago(15, TICKETS_PER_CASE),
        "assigned_at": _ago(14, TICKETS_PER_CASE),
        "closed_at": f"CASE WHEN NOT {is_open} THEN {_ago(1, TICKETS_PER_CASE)} END",
    }


def _invitation(first: int) -> dict[str, str]:
    return {
        "person_id": f"(SELECT person_id FROM tracked_ticket WHERE id = {first} + n * {TICKETS_PER_CASE})",
        "token_hash": f"'bench-{first}-' || n",
        "marker": f"'bench-{first}-' || n",
        "due_at": _ago(4, TICKETS_PER_CASE),
        "sent_at": _ago(3, TICKETS_PER_CASE),
    }


def _count_on(connection: psycopg.Connection) -> None:
    """New rows get ids above those of the crowd."""
    for table in Base.metadata.tables.values():
        if "id" in table.columns:
            name = sql.Identifier(table.name)
            highest = sql.SQL("(SELECT coalesce(max(id), 0) + 1 FROM {table})").format(table=name)
            move = sql.SQL("SELECT setval(pg_get_serial_sequence({text}, 'id'), {highest}, false)")
            connection.execute(move.format(text=sql.Literal(table.name), highest=highest))
