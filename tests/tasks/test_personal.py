"""Erasing and exporting a person: a planted canary is in every place that keeps words, and afterwards in none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from app import links
from app.clock import real_now
from app.store import deliveries, invitations
from app.store.database import Purpose
from app.store.models import Base, Delivery, Person, RecoveryCase, ScoreRow, TrackedTicket
from app.words import CaseStage
from connectors.ticket import DeskEvent
from tasks import personal
from tests.tasks.stage import ANGRY, CALM, FOLLOW_UP, NO_PACE, NOTE, Stage, protocol

CANARY = "zyxwcanary"
EMAIL = f"{CANARY}@example.com"
WORDS = f"{ANGRY} Signed, {CANARY}. My number is {CANARY}-4711."


def everything(stage: Stage) -> Iterator[tuple[str, str]]:
    """Every value of every table as text, sealed ones opened, with where it stands."""
    vault = stage.parts.database.vault
    with stage.parts.database.system(Purpose.OPERATE, read=True) as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for name, value in row.items():
                    sealed = name.startswith("sealed_") and isinstance(value, bytes)
                    yield f"{table.name}.{name}", vault.open(value) if sealed else str(value)


def traces(stage: Stage, *needles: str) -> list[str]:
    """Where any of the words is to be found."""
    return sorted({place for place, value in everything(stage) if any(word in value.lower() for word in needles)})


def told(stage: Stage, ticket: str, body: dict[str, Any], *, actor_id: str | None = None) -> None:
    """A delivery with a body, as the webhook stores it."""
    event = DeskEvent(
        event_id=f"told-{ticket}-{len(body)}",
        type="message.added",
        ticket_id=ticket,
        actor_id=actor_id,
        occurred_at=None,
    )
    sealed = stage.parts.database.vault.seal(json.dumps(body))
    incoming = deliveries.Incoming(desk_id=stage.desk_id, event=event, sealed_body=sealed)
    deliveries.receive(stage.parts.database, incoming, real_now(), NO_PACE)


def planted(stage: Stage) -> tuple[str, str, str]:
    """A person with words everywhere: an own ticket with a case, an answer and a rating, and one where they are in
    copy. Returns both tickets and the helpdesk's id of the person."""
    criteria = {"all": [{"field": "tags", "operator": "includes", "value": "rescue_me"}]}
    stage.publish(protocol("Rescue", NOTE, criteria=criteria, follow_up=FOLLOW_UP))
    tags = ["rescue_me", f"of_{CANARY}"]
    made = stage.act("tickets", email=EMAIL, name=f"Ms {CANARY}", subject=CANARY, text=WORDS, tags=tags)
    own, person = str(made["id"]), str(made["requester_id"])
    told(stage, own, {"detail": {"description": WORDS}}, actor_id=person)
    stage.drain()
    stage.act(f"tickets/{own}/rating", score=1, comment=f"bad, {CANARY}")
    stage.happened(own, "rating.received")
    other = stage.opens(CALM, email="somebody@example.com")
    stage.says(other, WORDS, author_email=EMAIL)
    told(stage, other, {"event": {"comment": {"author": {"name": f"MS {CANARY.upper()}"}}}})
    stage.answers(own)
    stage.solves(own)
    stage.drain()
    stage.step(hours=25)
    stage.drain()
    return own, other, person


def answer(stage: Stage, ticket: str) -> None:
    token_hash = links.read_token(stage.parts.database.vault, stage.token(ticket))
    reply = invitations.Reply(value=0.0, original="1", comment=f"still bad, {CANARY}")
    with stage.parts.database.system(Purpose.SIGN_IN) as session:
        invitations.answer(session, token_hash or "", reply, now=stage.now, woken_at=real_now())
    stage.drain()


def test_after_erasing_no_trace_is_left_in_any_table_or_log(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    own, _, person = planted(stage)
    answer(stage, own)
    assert len(traces(stage, CANARY)) > 8  # it was in many places
    capsys.readouterr()

    erased = personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    assert traces(stage, CANARY) == []
    assert [place for place in traces(stage, person) if place != "erased_person.who_hash"] == []
    out = capsys.readouterr()
    assert CANARY not in out.out + out.err
    assert (erased.people, erased.tickets, erased.messages) == (1, 1, 1)
    assert erased.deliveries >= 2


def test_the_same_on_postgresql_under_its_row_policies(postgres_stage: Stage) -> None:
    own, _, _ = planted(postgres_stage)
    answer(postgres_stage, own)

    personal.erase_person(postgres_stage.parts, postgres_stage.desk_id, EMAIL)
    told(postgres_stage, own, {"detail": {"description": WORDS}})
    postgres_stage.drain()

    assert traces(postgres_stage, CANARY) == []


def test_numbers_without_identity_stay(stage: Stage) -> None:
    own, _, _ = planted(stage)
    scores = [(row.score, row.factors) for row in stage.scores(own)]
    assert scores

    personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    assert [(row.score, row.factors) for row in stage.rows(ScoreRow)][: len(scores)] == scores
    assert stage.rows(Person)[0].helpdesk_id == f"erased-{stage.rows(Person)[0].id}"


def test_nobody_is_warned_of_an_erased_person_s_ticket(stage: Stage) -> None:
    own, _, _ = planted(stage)
    with stage.parts.database.desk(stage.desk_id) as session:
        session.execute(update(TrackedTicket).values(turns_poor_at=stage.now))

    personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    assert stage.tracked(own).turns_poor_at is None


def test_an_old_ticket_that_is_read_afterwards_brings_nobody_back(stage: Stage) -> None:
    own, _, _ = planted(stage)
    unread = str(stage.act("tickets", email=EMAIL, name=f"Ms {CANARY}", subject=CANARY, text=WORDS)["id"])

    personal.erase_person(stage.parts, stage.desk_id, EMAIL)
    for ticket in (own, unread):
        told(stage, ticket, {"detail": {"description": WORDS, "again": True}})
    stage.drain()

    assert traces(stage, CANARY) == []


def test_words_in_copy_stay_away_when_their_ticket_is_read_anew(stage: Stage) -> None:
    _, other, _ = planted(stage)
    personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    stage.happened(other, "message.redacted")
    stage.drain()

    assert traces(stage, CANARY) == []
    assert len(stage.messages(other)) == 2


def test_what_they_write_on_a_later_day_is_taken_in(stage: Stage) -> None:
    stage.publish()
    personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    ticket = stage.opens(ANGRY, email=EMAIL)
    stage.drain()

    assert len(stage.messages(ticket)) == 1
    assert stage.tracked(ticket).erased_at is None


def test_erasing_twice_finds_nothing_the_second_time(stage: Stage) -> None:
    planted(stage)
    personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    again = personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    assert (again.people, again.tickets, again.messages, again.deliveries) == (0, 0, 0, 0)


def test_a_person_is_found_by_the_helpdesk_s_id_as_well(stage: Stage) -> None:
    _, _, person = planted(stage)

    personal.erase_person(stage.parts, stage.desk_id, person)

    assert traces(stage, CANARY) == []


def test_an_open_case_ends_and_its_survey_opens_nothing(stage: Stage) -> None:
    own, _, _ = planted(stage)
    token = stage.token(own)

    personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    case = stage.rows(RecoveryCase)[0]
    assert case.stage is CaseStage.EXPIRED
    assert case.reason == "the person was erased"
    with stage.parts.database.system(Purpose.SIGN_IN) as session:
        reply = invitations.Reply(value=0.0, original="1", comment=CANARY)
        token_hash = links.read_token(stage.parts.database.vault, token) or ""
        outcome = invitations.answer(session, token_hash, reply, now=stage.now, woken_at=real_now())
    assert outcome is invitations.AnswerOutcome.EXPIRED


def test_whoever_works_on_a_ticket_meanwhile_stores_nothing_of_it(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens(WORDS, email=EMAIL)
    stage.drain()
    stage.says(ticket, WORDS)
    (claim,) = stage.claim()

    personal.erase_person(stage.parts, stage.desk_id, EMAIL)
    stage.work(claim)
    stage.drain()

    assert traces(stage, CANARY) == []


def test_the_export_holds_every_place_where_the_person_is(stage: Stage) -> None:
    own, _, _ = planted(stage)
    answer(stage, own)

    document = personal.export_person(stage.parts, stage.desk_id, EMAIL)

    tables = {place.split(".")[0] for place in traces(stage, CANARY)}
    assert len(tables) > 8
    assert tables <= set(document["tables"])
    assert all(CANARY in json.dumps(document["tables"][name]).lower() for name in tables)
    assert WORDS in [row["text"] for row in document["tables"]["message"]]
    assert json.loads(json.dumps(document)) == document


def test_the_export_has_no_link_that_answers_a_survey(stage: Stage) -> None:
    own, _, _ = planted(stage)

    document = personal.export_person(stage.parts, stage.desk_id, EMAIL)

    assert stage.token(own) not in json.dumps(document)


def test_the_export_of_a_stranger_is_empty(stage: Stage) -> None:
    planted(stage)

    document = personal.export_person(stage.parts, stage.desk_id, "stranger@example.org")

    assert not any(document["tables"].values())


def test_other_peoples_deliveries_keep_their_bodies(stage: Stage) -> None:
    planted(stage)
    ticket = stage.opens(CALM, email="third@example.com")
    told(stage, ticket, {"detail": {"description": "nothing of theirs"}})

    personal.erase_person(stage.parts, stage.desk_id, EMAIL)

    kept = [row for row in stage.rows(Delivery, Delivery.ticket_id == ticket) if row.sealed_body]
    assert len(kept) == 1
