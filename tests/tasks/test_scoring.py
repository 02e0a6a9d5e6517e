"""Looking at a ticket: what is read and scored, each message at its own time, and what is not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from app.clock import real_now
from app.store import queue
from app.store.models import DeliveryState
from app.words import CaseStage, SatState
from connectors.sandbox.store import next_id
from connectors.sandbox.tickets import Comment, add_comment
from tasks import scoring
from tasks.claims import TicketClaim
from tests.tasks.stage import ANGRY, CALM, Killed, Stage, protocol

THREAD = (
    CALM,
    "Thanks for the quick answer. I will wait then.",
    "The lamp came today and it is broken. This is very disappointing.",
    ANGRY,
)
QUOTED = "\n\nOn Monday, 2 March 2026 at 09:00, Support <help@example.com> wrote:\n> You are useless liars!\n"


def put_comments(stage: Stage, ticket: str, texts: Sequence[str]) -> None:
    """Straight into the sandbox's file, a second apart: wordless ones, or many, would not come over HTTP."""
    with stage.sandbox.helpdesk.file.writing() as db:
        requester = db.execute("SELECT requester_id FROM ticket WHERE id = ?", (int(ticket),)).fetchone()[0]
        for number, text in enumerate(texts, start=1):
            at = stage.now + timedelta(seconds=number)
            comment = Comment(
                id=next_id(db),
                ticket_id=int(ticket),
                audit_id=next_id(db),
                author_id=requester,
                body=text,
                public=True,
                channel="web",
                client="",
                custom={},
                created_at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
            add_comment(db, comment)


@pytest.mark.capability("DET-01")
def test_each_message_of_an_open_ticket_moves_its_state_when_it_arrives(stage: Stage) -> None:
    ticket = stage.opens(THREAD[0])
    stage.drain()
    seen = [stage.tracked(ticket).state]

    for text in THREAD[1:]:
        stage.answers(ticket, "Thank you for your message, we are looking into it.")
        stage.step(hours=1)
        stage.says(ticket, text)
        stage.drain()
        seen.append(stage.tracked(ticket).state)

    assert seen == [
        SatState.GOOD_IMPROVING,
        SatState.GOOD_IMPROVING,
        SatState.GOOD_WORSENING,
        SatState.POOR_WORSENING,
    ]
    assert stage.tracked(ticket).solved_at is None


@pytest.mark.capability("DET-01")
def test_silence_alone_lowers_the_score(stage: Stage) -> None:
    ticket = stage.opens("The lamp arrived broken. When will you send a new one?")
    stage.drain()
    before = stage.tracked(ticket).score

    stage.step(hours=6)
    stage.drain()

    after = stage.tracked(ticket).score
    assert before is not None
    assert after is not None
    assert after < before
    assert stage.scores(ticket)[-1].because == "time"


def test_a_rescore_reads_nothing_while_the_state_stays(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens(CALM)
    stage.drain()
    stage.step(minutes=(stage.tracked(ticket).rescore_at - stage.now) / timedelta(minutes=1))  # type: ignore[operator]

    with stage.counting() as calls:
        (claim,) = stage.claim()
        stage.work(claim)

    assert not claim.look
    assert calls.reads == 0


def test_a_rescore_settles_no_event_that_is_still_gathering(stage: Stage) -> None:
    ticket = stage.opens("The lamp arrived broken. When will you send a new one?")
    stage.drain()
    stage.step(hours=6)
    stage.says(ticket, "Hello?")
    stage.pass_time(seconds=-30)
    (claim,) = stage.claim()

    stage.work(claim)

    assert not claim.look
    row = stage.tracked(ticket)
    assert row.dirty == row.done + 1
    assert row.due_at is not None
    assert row.due_at > real_now()
    assert stage.deliveries(ticket)[-1].state is DeliveryState.RECEIVED


def test_a_rescore_leaves_a_look_that_is_owed(stage: Stage) -> None:
    ticket = stage.opens("The lamp arrived broken. When will you send a new one?")
    stage.drain()
    stage.fault("status", times=1)
    stage.says(ticket, "Hello?")
    stage.turn()
    stage.pass_time(seconds=-30)
    owed = stage.tracked(ticket).due_at
    stage.step(hours=6)
    (claim,) = stage.claim()

    stage.work(claim)

    assert not claim.look
    assert stage.tracked(ticket).due_at == owed


@pytest.mark.capability("DET-02")
def test_an_internal_note_and_quoted_history_change_nothing(stage: Stage) -> None:
    plain = stage.opens("The lamp arrived broken. Please send a new one.", email="one@example.com")
    stage.step(minutes=-1)
    quoting = stage.opens("The lamp arrived broken. Please send a new one." + QUOTED, email="two@example.com")
    stage.notes(quoting, "This customer is a horrible, furious nuisance. I hate this. Cancel everything!")
    stage.drain()

    first, second = stage.scores(plain)[0], stage.scores(quoting)[0]

    assert first.p_satisfied == second.p_satisfied
    assert first.factors == second.factors
    assert len(stage.messages(quoting)) == 2


@pytest.mark.capability("DET-02")
def test_only_the_customers_own_messages_have_a_score(stage: Stage) -> None:
    ticket = stage.opens("The lamp arrived broken.")
    stage.answers(ticket, "What a terrible, awful, broken lamp. I am so sorry.")
    stage.says(ticket, "Rule fired: this is a horrible disaster.", by="bot")
    stage.says(ticket, "I hate this shop, it is the worst.", author_email="neighbour@example.com")

    stage.drain()

    assert [row.message_id for row in stage.scores(ticket) if row.message_id] == [stage.messages(ticket)[0].message_id]


@pytest.mark.capability("SCO-01")
def test_every_ticket_has_a_score_or_a_reason(stage: Stage) -> None:
    stage.opens("Hello, where is my lamp?")
    stage.opens("It is broken!", email="other@example.com")
    silent = stage.opens("Placeholder", email="silent@example.com")
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("UPDATE comment SET body = '' WHERE ticket_id = ?", (int(silent),))
    automatic = stage.opens(
        "Out of office: I am away until Monday. This is an automatic reply.", email="away@example.com"
    )
    spam = stage.opens("Buy cheap lamps", email="spammer@example.com")
    stage.act(f"tickets/{spam}/spam")
    vanished = stage.opens("Gone soon", email="gone@example.com")
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("DELETE FROM ticket WHERE id = ?", (int(vanished),))

    stage.drain()

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        coverage = queue.coverage(session)
    assert coverage.eligible == coverage.scored + sum(coverage.reasons.values()) == 6
    assert coverage.scored == 2
    assert stage.tracked(silent).unscored_reason == "no customer text"
    assert stage.tracked(automatic).unscored_reason == "only automatic replies"
    assert stage.tracked(spam).unscored_reason == "the ticket does not exist any more"
    assert stage.tracked(vanished).unscored_reason == "the ticket does not exist any more"


@pytest.mark.capability("SCO-01")
def test_a_ticket_on_which_only_a_bot_spoke_says_so(stage: Stage) -> None:
    ticket = stage.opens("Placeholder")
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("DELETE FROM comment WHERE ticket_id = ?", (int(ticket),))
    stage.says(ticket, "Your request was received.", by="bot")

    stage.drain()

    row = stage.tracked(ticket)
    assert row.score is None
    assert row.unscored_reason == "only a bot or a rule has written"


@pytest.mark.capability("SCO-04")
def test_a_transition_leaves_one_state_tag_and_every_foreign_one(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens(THREAD[0], tags=["vip", "sat_down_with_us"])
    stage.drain()
    before = stage.tags(ticket)

    for text in (THREAD[2], ANGRY):
        stage.says(ticket, text)
    stage.drain()

    assert before == {"vip", "sat_down_with_us", "sat_good_improving"}
    assert stage.tags(ticket) == {"vip", "sat_down_with_us", "sat_poor_worsening"}


def test_messages_of_a_burst_are_scored_each_at_its_own_time(stage: Stage) -> None:
    stage.publish(protocol())
    ticket = stage.opens(THREAD[0])
    stage.drain()
    told = [stage.says(ticket, f"{text} {number}") for number, text in enumerate([*THREAD[1:], "Hello?", ANGRY])]

    with stage.counting() as calls:
        stage.drain()

    scored = {row.message_id: row.at for row in stage.scores(ticket) if row.message_id in told}
    assert list(scored) == told
    assert len(set(scored.values())) == 5
    assert scored == {row.message_id: row.at for row in stage.messages(ticket) if row.message_id in told}
    assert calls.reads <= 2
    assert calls.writes <= 1


def test_a_look_at_nothing_new_writes_nothing(stage: Stage) -> None:
    ticket = stage.opens(ANGRY)
    stage.drain()
    scored = len(stage.scores(ticket))
    stage.happened(ticket)

    with stage.counting() as calls:
        stage.drain()

    assert calls.reads == 2
    assert calls.writes == 0
    assert len(stage.scores(ticket)) == scored


def test_a_thread_of_thousands_is_read_in_bounded_time(stage: Stage, long: bool) -> None:
    count = 5_000 if long else 1_000
    stage.publish()
    ticket = stage.opens("Where is my lamp?")
    put_comments(stage, ticket, [f"Is anybody there? {number}" for number in range(count - 1)])
    stage.step(hours=2)
    began = real_now()

    with stage.counting() as calls:
        stage.drain()

    assert real_now() - began < timedelta(seconds=60)
    assert len([row for row in stage.scores(ticket) if row.message_id]) == count
    assert calls.reads == 2 + count / 100


def test_a_long_thread_holds_up_nobody_who_wants_to_store_something(stage: Stage, monkeypatch) -> None:
    monkeypatch.setattr(scoring, "BATCH", 3)
    stage.publish()
    ticket = stage.opens("Where is my lamp?")
    put_comments(stage, ticket, [f"Is anybody there? {number}" for number in range(9)])
    held: list[int] = []
    (claim,) = stage.claim()
    recording = TicketClaim.recording

    def noted(self: TicketClaim) -> Any:
        held.append(len(stage.messages(ticket)))
        return recording(self)

    monkeypatch.setattr(TicketClaim, "recording", noted)

    stage.work(claim)

    assert held[:4] == [0, 3, 6, 9]
    assert len(stage.messages(ticket)) == 10


def test_a_long_thread_goes_on_where_its_reader_was_killed(stage: Stage, monkeypatch) -> None:
    monkeypatch.setattr(scoring, "BATCH", 3)
    stage.publish()
    ticket = stage.opens("Where is my lamp?")
    put_comments(stage, ticket, [f"Is anybody there? {number}" for number in range(9)])
    whole = stage.opens("Where is my lamp?", email="other@example.com")
    put_comments(stage, whole, [f"Is anybody there? {number}" for number in range(9)])
    hear, times = scoring._Thread.hear, itertools.count(1)

    def mortal(thread: Any, said: Any) -> None:
        if next(times) == 3:
            raise Killed
        hear(thread, said)

    monkeypatch.setattr(scoring._Thread, "hear", mortal)
    with pytest.raises(Killed):
        stage.turn()

    stage.pass_time(minutes=10)
    stage.drain()

    assert len(stage.messages(ticket)) == 10
    assert [row.p_satisfied for row in stage.scores(ticket)] == [row.p_satisfied for row in stage.scores(whole)]


def test_a_comment_without_a_word_is_stored_and_not_scored(stage: Stage) -> None:
    ticket = stage.opens("Where is my lamp?")
    stage.drain()
    stage.step(minutes=1)
    put_comments(stage, ticket, [""])
    stage.happened(ticket)

    stage.drain()

    assert len(stage.messages(ticket)) == 2
    assert stage.tracked(ticket).dead_at is None
    assert stage.tracked(ticket).score is not None


def test_a_vanished_ticket_is_given_up_with_the_reason(stage: Stage) -> None:
    stage.publish(protocol())
    ticket = stage.opens()
    stage.drain()
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("DELETE FROM ticket WHERE id = ?", (int(ticket),))
    stage.happened(ticket)

    stage.drain()

    row, last = stage.tracked(ticket), stage.deliveries(ticket)[-1]
    assert row.dead_at is not None
    assert row.last_error == last.reason
    assert "404" in (row.last_error or "") or "exist" in (row.last_error or "")
    assert last.state is DeliveryState.DEAD
    assert stage.case(ticket).stage is CaseStage.EXPIRED


def test_a_closed_ticket_is_scored_but_not_changed(stage: Stage) -> None:
    stage.publish(protocol())
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/close")

    with stage.counting() as calls:
        stage.drain()

    assert stage.tracked(ticket).score is not None
    assert stage.states(ticket) == {"0-flag": "refused", "1-note": "refused"}
    assert {row.reason for row in stage.steps(ticket).values()} == {"the ticket is closed for good"}
    assert calls.writes == 0


def test_a_ticket_that_closes_before_our_write_refuses_its_steps(stage: Stage) -> None:
    stage.publish(protocol())
    ticket = stage.opens()
    stage.on_write(before=lambda: stage.act(f"tickets/{ticket}/close"))

    stage.drain()

    assert stage.states(ticket) == {"0-flag": "refused", "1-note": "refused"}
    assert {row.reason for row in stage.steps(ticket).values()} == {"the ticket is closed for good"}
    assert stage.tracked(ticket).dead_at is None


def test_a_rating_together_with_a_message_leaves_a_score_of_its_own(stage: Stage) -> None:
    ticket = stage.opens("Thank you so much, all is well now!")
    stage.drain()
    stage.says(ticket, "Thanks again, goodbye!")
    stage.rates(ticket, 1)

    stage.drain()

    last = stage.scores(ticket)[-1]
    assert last.state is stage.tracked(ticket).state
    assert last.because == "rating"
