"""Rolling a protocol back: what is in force changes at once, ours is set back at each ticket's next look, theirs stays."""

from __future__ import annotations

import pytest

from app import rolling_back
from app.protocols import changes
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.rolling_back import Report, Rollback
from app.store.models import StepState
from app.words import CaseStage
from tests.tasks.stage import ASSIGN, NOTE, PRIORITY, TAG, Killed, Stage, die, protocol

WHY = "It took tickets from the wrong people."
ACTIONS = (NOTE, PRIORITY, ASSIGN, TAG)


def begin(stage: Stage, *actions, **values) -> None:
    """The first version of the only protocol."""
    stage.publish(protocol("Rescue", *(actions or ACTIONS), tags=["fragile"], **values))


def publish(stage: Stage, *actions, **values) -> None:
    """The next version of it."""
    text = write_yaml(protocol("Rescue", *actions, tags=["fragile"], **values))
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, [text], publish_as="a test")


def roll_back(stage: Stage, name: str = "Rescue", *, to: int | None = None, undo: bool = True) -> Rollback:
    return rolling_back.start(stage.parts, stage.desk_id, name, to=to, undo=undo, by="lena@example.com", reason=WHY)


def told(stage: Stage, rollback: Rollback) -> Report:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return rolling_back.report(session, rollback.id)


def opens(stage: Stage, **fields) -> str:
    """A ticket that had these fields before we saw it."""
    ticket = stage.opens()
    stage.edits(ticket, **fields)
    return ticket


def in_support(stage: Stage) -> dict[str, object]:
    return {"priority": "low", "group_id": stage.account.group_ids["Support"]}


def named(fields) -> set[tuple[str, str, str]]:
    return {(one.ticket, one.field, one.key) for one in fields}


@pytest.mark.capability("N6")
def test_ours_goes_back_theirs_stays_and_both_are_listed(stage: Stage, long: bool) -> None:
    begin(stage)
    opened = [opens(stage, **in_support(stage)) for _ in range(200 if long else 20)]
    stage.drain()
    theirs = opened[:: len(opened) // 5]
    for ticket in theirs:
        stage.edits(ticket, priority="urgent", remove_tags=["fragile"])
    stage.drain()

    rollback = roll_back(stage)
    stage.drain()

    report = told(stage, rollback)
    assert (report.tickets, report.waiting, report.finished) == (len(opened), 0, True)
    for ticket in opened:
        shown, changed = stage.shown(ticket), ticket in theirs
        assert (shown["group"], shown["priority"]) == ("Support", "urgent" if changed else "low")
        assert not {"fragile", "recovery_open"} & set(shown["tags"])
        assert ((ticket, "priority", "") in named(report.kept)) is changed
        assert ((ticket, "priority", "") in named(report.reverted)) is not changed
        assert ((ticket, "tags", "fragile") in named(report.kept)) is changed
        assert (ticket, "group_id", "") in named(report.reverted)
        assert (ticket, "words", "") in named(report.kept)
