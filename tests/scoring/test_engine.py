"""Scores of conversations: who counts, what adds up, and what time does."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace
from datetime import timedelta
from subprocess import run

import pytest

from app.scoring.conversation import Running, TicketFacts
from app.scoring.engine import next_rescore_at, observe, score, turns_poor_at, unscorable
from app.scoring.model import Calibration
from app.words import Direction, Level, SatState
from tests.scoring.conversations import NO_FACTS, PRIOR, START, hear, last_score, parts, readings, says, scores, talk

COMPLAINT = "My order is late and nobody answers. This is ridiculous!"
QUOTE = "\n\nOn Mon, 2 Mar 2026, Support wrote:\n> We are terribly sorry, thank you for your patience.\n"


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_a_plain_opening_request_is_good_and_provisional() -> None:
    found = last_score("Hi, I need an expensive restaurant")

    assert (found.level, found.direction, found.state) == (Level.GOOD, Direction.NONE, SatState.GOOD_IMPROVING)
    assert found.provisional
    assert not found.calibrated


def test_clear_anger_is_poor_at_once_and_quotes_the_words() -> None:
    found = last_score("This is the third time I write, still broken, I want a manager")

    evidence = {part.signal: part.evidence for part in found.contributions}
    assert found.state is SatState.POOR_WORSENING
    assert "third time" in evidence["acts.repeat_contact"]
    assert "still broken" in evidence["acts.still_broken"]
    assert "manager" in evidence["acts.manager"]


def test_a_second_angry_message_is_poor_and_worsening() -> None:
    found = last_score("Where is my order?", "A: On its way.", COMPLAINT)

    assert (found.state, found.direction, found.provisional) == (SatState.POOR_WORSENING, Direction.WORSENING, False)


def test_relief_after_anger_is_improving() -> None:
    found = last_score(COMPLAINT, "A: Refunded.", "Thank you so much, that solved it.")

    assert found.direction is Direction.IMPROVING
    assert found.trend > 0


@pytest.mark.capability("DET-02")
@pytest.mark.parametrize("history", [QUOTE, "\n\nKind regards\nSome Body", "\n> Wonderful service, thanks!\n"])
def test_a_quoted_thread_or_signature_changes_no_reading(history: str) -> None:
    plain, quoted = readings(COMPLAINT), readings(COMPLAINT + history)

    assert plain == quoted
    assert plain["tone.textblob_negative"].value > 0


@pytest.mark.capability("DET-02")
def test_an_angry_internal_note_changes_nothing() -> None:
    before = hear(*talk("Where is my order?", "A: On its way."))

    after, found = observe(before, says("This customer is a terrible idiot!!!", "agent", minutes=30, public=False))

    assert after == before
    assert found == ()


@pytest.mark.capability("DET-02")
def test_an_agents_words_are_not_the_customers_tone() -> None:
    kind = last_score("Where is it?", "A: That is a wonderful, lovely, great question.", "Blue lamp please.")
    angry = last_score("Where is it?", "A: That is a terrible, awful, stupid question.", "Blue lamp please.")

    assert {part.signal for part in kind.contributions} == {part.signal for part in angry.contributions}
    assert kind.p_satisfied == angry.p_satisfied


@pytest.mark.capability("DET-02")
def test_an_auto_reply_changes_no_score() -> None:
    before = hear(*talk("Where is my order?", "A: On its way."))

    after, found = observe(before, says("Automatic reply: I am away. Terrible, awful!", minutes=30))

    assert (after, found) == (replace(before, auto_replies=1), ())


def test_an_automatic_acknowledgement_of_ours_answers_nothing() -> None:
    running = hear(says("Where is it?"), says("Automatic reply: we got your mail", "agent", minutes=1))

    assert running.waits.since == START
    assert running.agent_turns == 0


def test_people_in_copy_change_nothing() -> None:
    before = hear(says("Where is it?"))

    assert observe(before, says("Awful!", "other", minutes=5)) == (before, ())


@pytest.mark.capability("SCO-02")
@pytest.mark.parametrize(
    "turns",
    [
        ("Hello",),
        ("",),
        (COMPLAINT,),
        (COMPLAINT, "A: Sorry, unfortunately we cannot.", "Thanks for nothing!!", "A: Refunded.", "Thank you, bye"),
    ],
)
def test_contributions_and_base_add_up_to_the_logit(turns: tuple[str, ...]) -> None:
    facts = TicketFacts(reopens=1, priority="urgent", earlier_ratings=(0.0, 1.0))

    for found in scores(*talk(*turns), facts=facts):
        total = found.base_logit + sum(part.logit for part in found.contributions)
        assert total == pytest.approx(math.log(found.p_uncalibrated / (1 - found.p_uncalibrated)), abs=1e-9)


@pytest.mark.capability("SCO-02")
def test_changing_one_factor_moves_only_its_contribution() -> None:
    turns = ("Where is my order?", "A: On its way.", "Blue lamp please.")

    before = parts(last_score(*turns))
    after = parts(last_score(*turns, facts=TicketFacts(reopens=2)))

    assert {name for name in after if after[name] != before.get(name)} == {"ending.reopened"}


def test_a_cancellation_moves_only_its_contribution() -> None:
    before, after = parts(last_score("Blue lamp please")), parts(last_score("Blue lamp please\nI want to cancel."))

    assert {name for name in after if after[name] != before.get(name)} == {"acts.cancel"}


@pytest.mark.capability("DET-01")
def test_the_state_changes_at_the_message_that_changes_it() -> None:
    found = scores(*talk("Where is my order?", "A: On its way.", "Fine.", COMPLAINT))

    assert [item.level for item in found] == [Level.GOOD, Level.GOOD, Level.GOOD, Level.POOR]


@pytest.mark.capability("DET-01")
def test_six_hours_without_an_answer_lower_the_score() -> None:
    running = hear(says("My lamp flickers."))

    fresh, _ = score(running, NO_FACTS, PRIOR, START)
    later, _ = score(running, NO_FACTS, PRIOR, START + hours(6))

    assert later.score <= fresh.score - 5
    assert "waiting for a first reply for 6 h" in {part.evidence for part in later.contributions}


def test_ten_hours_without_an_answer_lower_the_score_visibly() -> None:
    running = hear(says("My lamp flickers."))

    fresh, late = (score(running, NO_FACTS, PRIOR, START + hours(count))[0] for count in (0, 10))

    assert late.score <= fresh.score - 9
    assert late.p_satisfied_now < fresh.p_satisfied_now


def test_a_ticket_nobody_answers_becomes_poor_and_worsening() -> None:
    running, moment, states = hear(says("My lamp flickers.")), START, []

    while (due := next_rescore_at(running, NO_FACTS, PRIOR, moment)) is not None:
        found, running = score(running, NO_FACTS, PRIOR, due)
        moment = due
        states.append((found.state, found.provisional))

    assert states[-1] == (SatState.POOR_WORSENING, False)
    assert 3 <= len(states) <= 12
    assert moment - START < hours(97)


def test_the_next_rescore_is_the_first_minute_that_matters() -> None:
    running = hear(says("My lamp flickers."))
    fresh, running = score(running, NO_FACTS, PRIOR, START)

    due = next_rescore_at(running, NO_FACTS, PRIOR, START)

    assert due is not None
    at, before = (score(running, NO_FACTS, PRIOR, due - timedelta(minutes=early))[0] for early in (0, 1))
    assert fresh.score - before.score < PRIOR.rescore_points <= fresh.score - at.score
    assert due == START + timedelta(minutes=(due - START) // timedelta(minutes=1))


@pytest.mark.parametrize(
    ("turns", "facts", "after"),
    [
        (("Where is it?", "A: Here."), NO_FACTS, 0),
        (("Where is it?",), TicketFacts(solved=True), 0),
        ((), NO_FACTS, 0),
        (("",), NO_FACTS, 0),
        (("Where is it?",), NO_FACTS, 200),
    ],
    ids=["turn is theirs", "solved", "nothing said", "no text", "cannot get worse"],
)
def test_nothing_is_due_where_a_wait_changes_nothing(turns: tuple[str, ...], facts: TicketFacts, after: int) -> None:
    now = START + hours(after)
    _, running = score(hear(*talk(*turns)), facts, PRIOR, now)

    assert next_rescore_at(running, facts, PRIOR, now) is None
    assert turns_poor_at(running, facts, PRIOR, now) is None


@pytest.mark.capability("PRV-01")
def test_the_time_that_is_left_ends_with_the_minute_in_which_it_turns_poor() -> None:
    running = hear(says("My lamp flickers."))
    fresh, running = score(running, NO_FACTS, PRIOR, START)

    turns = turns_poor_at(running, NO_FACTS, PRIOR, START)

    assert turns is not None
    at, before = (score(running, NO_FACTS, PRIOR, turns - timedelta(minutes=early))[0] for early in (0, 1))
    assert (fresh.level, before.level, at.level) == (Level.GOOD, Level.GOOD, Level.POOR)


def test_what_is_poor_already_has_no_time_left() -> None:
    _, running = score(hear(*talk("This is a disgrace! I am furious!!!")), NO_FACTS, PRIOR, START)

    assert turns_poor_at(running, NO_FACTS, PRIOR, START) is None


def test_a_reply_stops_the_clock() -> None:
    running = hear(says("My lamp flickers."), says("A new one is on its way.", "agent", minutes=30))

    soon, late = (score(running, NO_FACTS, PRIOR, START + hours(count))[0] for count in (1, 50))

    assert soon.p_satisfied == late.p_satisfied


@pytest.mark.parametrize(
    ("turns", "facts", "why"),
    [
        ((), NO_FACTS, "no customer message"),
        (("A: Hello?",), NO_FACTS, "no customer message"),
        (("> quoted",), NO_FACTS, "no customer text"),
        (("Automatic reply: away",), NO_FACTS, "only automatic replies"),
        (("Hi",), NO_FACTS, None),
        ((), TicketFacts(rating=0.0), None),
    ],
)
def test_what_cannot_be_scored_says_why(turns: tuple[str, ...], facts: TicketFacts, why: str | None) -> None:
    assert unscorable(hear(*talk(*turns)), facts) == why


def test_a_conversation_without_words_still_has_numbers() -> None:
    found, _ = score(Running.start(), NO_FACTS, PRIOR, START)

    assert (found.score, found.trend, found.contributions) == (round(100 * found.p_satisfied), 0, ())


def test_a_rating_outweighs_the_words() -> None:
    assert last_score("Thanks, wonderful!", facts=TicketFacts(rating=0.0)).level is Level.POOR
    assert last_score("Where is it?", facts=TicketFacts(rating=1.0)).p_satisfied > 0.95


def test_scoring_twice_at_one_moment_gives_the_same() -> None:
    first, running = score(hear(*talk(COMPLAINT, "A: Hm.", "Hello?")), NO_FACTS, PRIOR, START)

    again, after = score(running, NO_FACTS, PRIOR, START)

    assert (again, after) == (first, running)


def test_a_desks_calibration_moves_the_figure_and_not_its_explanation() -> None:
    model = replace(PRIOR, calibration=Calibration(intercept=-1, slope=0.5))

    plain, corrected = scores(says(COMPLAINT))[0], scores(says(COMPLAINT), model=model)[0]

    assert corrected.calibrated
    assert corrected.p_satisfied != plain.p_satisfied
    assert (corrected.p_uncalibrated, corrected.contributions) == (plain.p_uncalibrated, plain.contributions)


def test_a_message_costs_the_same_late_as_early() -> None:
    running, early = Running.start(), 0
    for index in range(400):
        running, _ = observe(running, says(f"Word {index} is late and I wait", minutes=index))
        if index == 30:
            early = len(str(running.to_json()))

    assert len(str(running.to_json())) < 1.2 * early


def test_a_megabyte_is_observed_in_little_time() -> None:
    text = "this is terrible, I want a manager and my money back " * 20_000
    observe(Running.start(), says("warm up, please"))

    started = time.thread_time()
    observe(Running.start(), says(text))

    assert time.thread_time() - started < 0.25


def test_importing_scoring_loads_no_word_lists() -> None:
    code = (
        "import sys, app.scoring.engine, app.scoring.lines; "
        "sys.exit(bool({'textblob', 'nltk', 'vaderSentiment', 'eldc', 'sklearn', 'scipy', 'numpy'} & set(sys.modules)))"
    )

    assert run([sys.executable, "-c", code], check=False).returncode == 0
