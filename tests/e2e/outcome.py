"""What a replay left behind, as one plain document that can be compared: our rows and the helpdesk's own.

Numbers that a database gives out, times of the mechanism, ports and secrets are left out, for they may differ between
two runs that came to the same end; everything else is in it. Alerts are the one kind of message that may be sent again
(under the same id), so they are counted once per id.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import load
from app.store import protocols
from app.store.database import Database, Purpose
from app.store.models import (
    Answer,
    DecisionRow,
    Invitation,
    Message,
    RatingRow,
    RecoveryCase,
    ScoreRow,
    StepRow,
    TrackedTicket,
)
from app.vault import Vault

CONVERSATIONS = Path(__file__).parent / "conversations.jsonl"
SURVEY = "Did we put it right?"
ABSENT = "(absent)"

_VARYING = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://host"),
    (re.compile(r"/cases/\d+"), "/cases/N"),
    (re.compile(r"/s/[A-Za-z0-9_-]+"), "/s/TOKEN"),
)


def read_outcome(data_dir: Path, database_url: str | None = None, *, replay: str = "replay") -> dict[str, Any]:
    """The outcome of the replay in this data directory; with a URL its rows are there, else in its SQLite file."""
    folder = data_dir / replay
    keys = load({"KINTSUGI_DATA_DIR": str(folder)}).secret_keys
    database = Database(database_url or f"sqlite:///{folder / 'kintsugi.sqlite'}", vault=Vault(keys))
    try:
        with database.system(Purpose.OPERATE, read=True) as session, closing(open_sandbox(data_dir, replay)) as sandbox:
            names = {str(row["id"]): row["external_id"] for row in sandbox.execute("SELECT * FROM ticket")}
            return {
                "tickets": {
                    names[row.ticket_id]: _ticket(session, row) for row in session.scalars(select(TrackedTicket))
                },
                "helpdesk": {names[ticket_id]: _at_helpdesk(sandbox, ticket_id) for ticket_id in names},
                "mails": _mails(sandbox),
            }
    finally:
        database.close()


def open_sandbox(data_dir: Path, replay: str = "replay") -> sqlite3.Connection:
    """The sandbox's own file, for reading; also while the sandbox runs."""
    connection = sqlite3.connect(f"file:{data_dir / replay / 'sandbox.sqlite'}?mode=ro", uri=True, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Every place where two outcomes differ, with both values: short enough to be read where a test has failed."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({*one, *other}, key=str)
        pairs = ((name, one.get(name, ABSENT), other.get(name, ABSENT)) for name in names)
        return [line for name, left, right in pairs for line in differences(left, right, f"{place}/{name}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        both = enumerate(zip(one, other, strict=True))
        return [line for index, pair in both for line in differences(*pair, f"{place}[{index}]")]
    return [] if one == other else [f"{place}: {one!r} != {other!r}"]


def said_twice(data_dir: Path) -> list[str]:
    """Every note, public comment of ours and survey mail that is there more than once."""
    with closing(open_sandbox(data_dir)) as sandbox:
        comments = Counter(
            f"comment on ticket {row['ticket_id']}: {_steady(row['body'])}"
            for row in sandbox.execute("SELECT * FROM comment WHERE custom != '{}'")
        )
        mails = Counter(
            f"survey to {row['recipient']}"
            for row in sandbox.execute("SELECT * FROM mail WHERE subject = ?", (SURVEY,))
        )
    return sorted(what for what, times in (comments + mails).items() if times > 1)


def _ticket(session: Session, row: TrackedTicket) -> dict[str, Any]:
    cases = session.scalars(select(RecoveryCase).where(RecoveryCase.tracked_id == row.id).order_by(RecoveryCase.id))
    return {
        **_fields(row, "status priority channel group_id assignee_id reopens state level direction score p_satisfied"),
        **_fields(row, "provisional state_since scored_at unscored_reason cause opened_at solved_at rescore_at"),
        **_fields(row, "attempts last_error dead_at lease_until due_at"),
        "unseen": row.dirty - row.done,
        "tags": sorted(row.tags),
        "messages": [_fields(one, "author public at") for one in _of(session, Message, row)],
        "scores": [
            _fields(one, "because at p_satisfied p_satisfied_now trend score level direction state factors")
            for one in _of(session, ScoreRow, row)
        ],
        "ratings": [_fields(one, "value original scale at") for one in _of(session, RatingRow, row)],
        "decisions": [
            {**_fields(one, "outcome at"), "protocol": protocols.name_of(session, one.version_id)}
            for one in _of(session, DecisionRow, row)
        ],
        "cases": [_case(session, case) for case in cases],
    }


def _case(session: Session, case: RecoveryCase) -> dict[str, Any]:
    # What falls due at the same moment may be planned in either order.
    ordered = (StepRow.planned_at, StepRow.action, StepRow.id)
    steps = session.scalars(select(StepRow).where(StepRow.case_id == case.id).order_by(*ordered))
    surveys = session.scalars(select(Invitation).where(Invitation.case_id == case.id).order_by(Invitation.id))
    answers = session.scalars(select(Answer).where(Answer.case_id == case.id).order_by(Answer.id))
    return {
        **_fields(case, "episode stage arm cause opened_by opening_score opening_state round reason recovery_group_id"),
        **_fields(case, "previous_group_id previous_assignee_id opened_at exited_at flagged_at assigned_at"),
        **_fields(case, "contacted_at resolved_at resurveyed_at closed_at"),
        "protocol": protocols.name_of(session, case.version_id),
        "open": case.open_key is not None,
        "steps": [_fields(step, "action do round params state planned_at settled_at") for step in steps],
        "surveys": [
            _fields(one, "kind round channel good_from state due_at expires_at sent_at answered_at") for one in surveys
        ],
        "answers": [_fields(one, "value original at") for one in answers],
    }


def _of(session: Session, table: Any, row: TrackedTicket) -> list[Any]:
    return list(session.scalars(select(table).where(table.tracked_id == row.id).order_by(table.id)))


def _fields(row: Any, names: str) -> dict[str, Any]:
    """Columns as plain values, so that a difference is printed in words."""
    return {name: _plain(getattr(row, name)) for name in names.split()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | dict):
        return value
    return str(value)


def _at_helpdesk(sandbox: sqlite3.Connection, ticket_id: str) -> dict[str, Any]:
    row = sandbox.execute("SELECT * FROM ticket WHERE id = ?", (ticket_id,)).fetchone()
    said = sandbox.execute(
        "SELECT comment.*, person.name FROM comment JOIN person ON person.id = author_id WHERE ticket_id = ?"
        " ORDER BY comment.id",
        (ticket_id,),
    )
    rated = sandbox.execute("SELECT rating FROM survey_response WHERE ticket_id = ? ORDER BY number", (ticket_id,))
    return {
        **{name: row[name] for name in ("status", "priority", "group_id", "assignee_id")},
        "tags": sorted(json.loads(row["tags"])),
        "comments": sorted((one["created_at"], one["name"], bool(one["public"]), _steady(one["body"])) for one in said),
        "ratings": [one["rating"] for one in rated],
    }


def _mails(sandbox: sqlite3.Connection) -> list[tuple[str, str, str]]:
    seen: set[tuple[str, str]] = set()
    mails = []
    for row in sandbox.execute("SELECT * FROM mail ORDER BY id"):
        marker = re.search(r"Message-ID: (\S+)", row["headers"])
        key = (row["recipient"], marker.group(1) if marker else str(row["id"]))
        if row["subject"] == SURVEY or key not in seen:
            mails.append((row["recipient"], row["subject"], _steady(row["text"])))
        seen.add(key)
    return sorted(mails)


def _steady(text: str) -> str:
    for pattern, stand_in in _VARYING:
        text = pattern.sub(stand_in, text)
    return text
