"""Backtests held against what the live engine did: the same fortnight, number for number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app import backtesting
from app.protocol_setup import Publication, publish
from app.protocols.document import read_document
from app.protocols.figures import Figures
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.store.models import DecisionRow, RecoveryCase, StepRow
from app.store.protocols import Reach
from app.words import Outcome
from connectors.ticket import Receipt, Ticket, Write
from connectors.zendesk.client import ZendeskConnector
from tasks import targets
from tests.tasks.fortnight import END, drawn, live
from tests.tasks.stage import ANGRY, CALM, FOLLOW_UP, NOTE, START, Stage, protocol

ANGRY_WAITS: dict[str, Any] = protocol(
    "Angry and waiting",
    {"do": "tag", "add": ["angry_waits"]},
    {"do": "note", "text": "{{ customer | This customer }} waits. {{ reasons | No single reason. }}"},
    {"do": "priority", "to": "high"},
    {"do": "assign", "to": "least_loaded"},
    {"do": "alert", "email": "lead"},
    criteria={
        "all": [
            {"field": "level", "operator": "is", "value": "poor"},
            {"field": "waiting_hours", "operator": "at_least", "value": 3},
        ]
    },
    tags=["angry_waits"],
    guardrails={"cooldown_hours": 12, "rearm": "after_hours", "rearm_hours": 6},
)
BAD_RATING: dict[str, Any] = protocol(
    "Few stars",
    {"do": "tag", "add": ["few_stars"]},
    criteria={"all": [{"field": "rating_stars", "operator": "at_most", "value": 2}]},
    tags=["few_stars"],
)
LONG_WAIT: dict[str, Any] = protocol(
    "Long wait",
    {"do": "note", "text": "Nobody has answered."},
    criteria={"all": [{"field": "waiting_hours", "operator": "above", "value": 12}]},
)
IN_FORCE = (BAD_RATING, ANGRY_WAITS, LONG_WAIT)


@pytest.fixture
def tickets(request: pytest.FixtureRequest) -> int:
    return 150 if request.config.getoption("--long") else 8


def would_have(stage: Stage, document: dict[str, Any]) -> backtesting.Backtest:
    return backtesting.run(stage.parts, stage.desk_id, read_document(document), start=START, end=END)


def did(stage: Stage, document: dict[str, Any]) -> Figures:
    return backtesting.lived(stage.parts, stage.desk_id, document["name"], start=START, end=END)


def watch(stage: Stage, document: dict[str, Any]) -> None:
    """Have the document watch, and no other be in force."""
    stage.publish()
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, [write_yaml(document)])
    publish(stage.parts, stage.desk_id, document["name"], Publication(by="a test", reach=Reach(shadow=True)))


@contextmanager
def writes_of(stage: Stage) -> Iterator[list[Write]]:
    """Every change that is sent to the helpdesk."""
    send, sent = ZendeskConnector.write, list[Write]()

    def seen(connector: ZendeskConnector, ticket: Ticket, wanted: Write) -> Receipt:
        sent.append(wanted)
        return send(connector, ticket, wanted)

    stage.patch.setattr(ZendeskConnector, "write", seen)
    yield sent


@pytest.mark.capability("N5")
def test_a_backtest_equals_what_the_live_engine_did_number_for_number(stage: Stage, tickets: int) -> None:
    stage.publish(*IN_FORCE)

    ids = live(stage, drawn(tickets))

    for document in IN_FORCE:
        found = would_have(stage, document)
        assert found.figures.as_dict() == did(stage, document).as_dict()
        assert found.figures.cases > 0, document["name"]
        assert found.moments == 0
    # Not by our own rows alone: the helpdesk shows the same.
    shown = [stage.shown(ticket_id) for ticket_id in ids.values()]
    assert did(stage, ANGRY_WAITS).tags_added == {"angry_waits": sum("angry_waits" in one["tags"] for one in shown)}
    notes = [comment for one in shown for comment in one["comments"] if comment["text"] == "Nobody has answered."]
    assert did(stage, LONG_WAIT).notes == len(notes)


@pytest.mark.capability("N5")
def test_a_shadow_writes_nothing_and_its_backtest_foretells_what_it_saw(stage: Stage, tickets: int) -> None:
    watch(stage, ANGRY_WAITS)

    with writes_of(stage) as sent, stage.counting() as calls:
        live(stage, drawn(tickets))

    # What the engine writes without any protocol: one state tag for another, and no step behind it.
    assert len(sent) == calls.writes
    assert {tag[:4] for write in sent for tag in write.add_tags | write.remove_tags} == {"sat_"}
    assert not any(write.markers or write.comment or write.group_id or write.priority for write in sent)
    assert (stage.rows(RecoveryCase), stage.rows(StepRow)) == ([], [])
    saw = {row.tracked_id for row in stage.rows(DecisionRow) if row.shadow and row.outcome is Outcome.OPEN}
    found = would_have(stage, ANGRY_WAITS)
    assert found.figures.tickets == len(saw) > 0
    assert found.moments > 0


@pytest.mark.capability("N5")
def test_what_the_brake_holds_back_is_in_neither_figures(stage: Stage) -> None:
    ends = {"do": "status", "to": "pending"}
    rescue = protocol("Rescue", ends, follow_up=FOLLOW_UP, guardrails={"cooldown_hours": 0})
    stage.publish(rescue)
    first = stage.opens()
    stage.drain()
    stage.answers(first)
    stage.solves(first)
    stage.drain()
    stage.step(hours=25)
    stage.drain()
    stage.answer_survey(first, 1)
    stage.drain()

    stage.opens("And now the shade is missing.")
    stage.drain()

    found = would_have(stage, rescue).figures
    assert found.as_dict() == did(stage, rescue).as_dict()
    assert (found.cases, found.steps, found.field_changes) == (2, {"status": 2}, {"status": 1})


@pytest.mark.capability("N5")
def test_whom_a_cap_puts_off_is_put_off_in_both_figures(stage: Stage) -> None:
    capped = {"guardrails": {"max_cases_per_day": 1}}
    rescue, beside = protocol("Rescue", NOTE, **capped), protocol("Beside", NOTE, **capped)
    stage.publish(rescue, beside)
    for number, text in enumerate((CALM, CALM, ANGRY, CALM)):
        stage.opens(text, email=f"customer-{number}@example.com")
        stage.drain()

    stage.step(days=1)
    targets.sweep()
    stage.drain()

    for document in (rescue, beside):
        assert would_have(stage, document).figures.as_dict() == did(stage, document).as_dict()
    assert (did(stage, rescue).cases, did(stage, rescue).deferred) == (2, 3)
    assert did(stage, rescue).overlap == {"Beside": 2}
