"""Replaying a version over stored looks: the moments it adds, the cases in its books, what it shares with others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.protocols.backtest import Replayed, Scene, Subject, replay
from app.protocols.decide import PastCase
from app.protocols.evaluation import Evaluation, Snapshot
from app.protocols.ledger import Life
from app.protocols.routing import Team
from tests.protocols.make import condition, published

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = 24 * HOUR
POOR = condition("level", "is", "poor")
WAITS = condition("waiting_hours", "at_least", 4)


def look(after: timedelta = timedelta(0), ticket: int = 1, **values: Any) -> Evaluation:
    """A look so long after the start, on a poor ticket whose customer has begun to wait."""
    facts = {"level": "poor", "p_satisfied": 0.3, "waiting_hours": 0.0, **values.pop("facts", {})}
    snapshot = {"waiting": True, "status": "open", **values.pop("snapshot", {})}
    whole: dict[str, Any] = {
        "tracked_id": ticket,
        "ticket_id": str(ticket),
        "at": START + after,
        "as_of": START + after,
        "facts": facts,
        "ticket": Snapshot(**snapshot),
    }
    return Evaluation(**whole | values)


def subject(*conditions: dict[str, Any], same_as: Sequence[int] = (), **changes: Any) -> Subject:
    wanted = published(9, criteria={"all": list(conditions or (POOR,))}, **{"order": 10, **changes})
    return Subject(published=wanted, same_as=frozenset(same_as))


def run(version: Subject, looks: Sequence[Evaluation], **scene: Any) -> Replayed:
    whole: dict[str, Any] = {"start": START, "end": START + 14 * DAY, "versions": {}}
    return replay(version, looks, Scene(**whole | scene))


def opened(found: Replayed) -> list[tuple[str, timedelta]]:
    return [(one.ticket_id, one.at - START) for one in found.openings]


def past(opened_at: datetime, closed_at: datetime | None, **values: Any) -> Life:
    case = PastCase(protocol="Example", version_id=9, opened_at=opened_at, closed_at=closed_at)
    return Life(past=case, **values)


def test_a_case_opens_at_the_look_at_which_the_criteria_hold() -> None:
    found = run(subject(), [look(facts={"level": "good"}), look(2 * HOUR), look(HOUR * 3)])

    assert opened(found) == [("1", 2 * HOUR)]
    assert found.looks == 3


def test_a_condition_on_a_wait_turns_at_its_own_moment_between_two_looks() -> None:
    found = run(subject(POOR, WAITS), [look(), look(9 * HOUR, facts={"waiting_hours": 9.0})])

    assert opened(found) == [("1", 4 * HOUR)]
    assert found.added == 1
    assert found.openings[0].facts["waiting_hours"] == 4.0


def test_a_wait_that_was_answered_in_time_never_turns() -> None:
    answered = look(HOUR, facts={"waiting_hours": 0.0}, snapshot={"waiting": False})

    assert opened(run(subject(POOR, WAITS), [look(), answered])) == []


def test_a_wait_that_turns_after_the_span_is_not_in_it() -> None:
    assert opened(run(subject(POOR, WAITS), [look()], end=START + 3 * HOUR)) == []


def test_where_the_version_was_live_its_looks_are_the_moments() -> None:
    live: dict[str, Any] = {"in_force": ((9, 10),)}
    seen = look(4 * HOUR + timedelta(seconds=40), facts={"waiting_hours": 4.01}, **live)

    found = run(subject(POOR, WAITS, same_as=[9]), [look(**live), seen])

    assert opened(found) == [("1", seen.at - START)]
    assert found.added == 0


def test_a_look_that_a_live_version_did_not_decide_on_decides_nothing() -> None:
    heard = look(in_force=((9, 10),), decided=False)

    assert opened(run(subject(same_as=[9]), [heard])) == []
    assert opened(run(subject(), [heard])) == [("1", timedelta(0))]


def test_a_case_that_history_has_ends_when_it_ended_there() -> None:
    version = subject(guardrails={"cooldown_hours": 0, "rearm": "after_hours", "rearm_hours": 1})
    real = past(START, START + 5 * HOUR)
    looks = [look(), look(4 * HOUR), look(5 * HOUR), look(7 * HOUR)]

    found = run(version, looks, lives={1: [real]})

    assert opened(found) == [("1", timedelta(0)), ("1", 6 * HOUR)]


def test_a_case_that_history_has_not_ends_after_the_solution_and_the_wait_for_its_survey() -> None:
    version = subject(
        guardrails={"cooldown_hours": 0, "rearm": "after_hours", "rearm_hours": 0},
        follow_up={"resurvey": {"after_hours": 24}},
    )
    solved: dict[str, Any] = {"snapshot": {"status": "solved", "waiting": False}}
    looks = [look(), look(HOUR, **solved), look(20 * HOUR, **solved), look(26 * HOUR, **solved)]

    assert opened(run(version, looks)) == [("1", timedelta(0)), ("1", 26 * HOUR)]


def test_a_ticket_that_is_opened_again_keeps_its_case() -> None:
    version = subject(guardrails={"cooldown_hours": 0, "rearm": "after_hours", "rearm_hours": 0})
    solved: dict[str, Any] = {"snapshot": {"status": "solved", "waiting": False}}
    resurveyed = subject(follow_up={"resurvey": {"after_hours": 24}}, guardrails={"rearm": "never"})

    again = run(resurveyed, [look(), look(HOUR, **solved), look(2 * HOUR), look(40 * HOUR)])

    assert opened(again) == [("1", timedelta(0))]
    assert opened(run(version, [look(), look(2 * HOUR)])) == [("1", timedelta(0))]


def test_cases_from_before_the_span_stand_in_the_way_as_they_did() -> None:
    closed = past(START - DAY, START - HOUR)

    found = run(subject(guardrails={"cooldown_hours": 3, "rearm": "after_hours", "rearm_hours": 0}), [look()],
                lives={1: [closed]})  # fmt: skip

    assert opened(found) == [("1", 2 * HOUR)]


def test_a_protocol_that_wants_an_exit_in_between_waits_for_it() -> None:
    version = subject(guardrails={"cooldown_hours": 0})
    real = past(START, START + HOUR)
    looks = [look(), look(2 * HOUR), look(3 * HOUR, facts={"level": "good"}), look(4 * HOUR)]

    assert opened(run(version, looks, lives={1: [real]})) == [("1", timedelta(0)), ("1", 4 * HOUR)]


def test_facts_about_cases_are_those_of_the_replay() -> None:
    version = subject(POOR, condition("earlier_cases", "at_most", 0))
    looks = [look(facts={"earlier_cases": 5, "has_open_case": True})]

    assert opened(run(version, looks)) == [("1", timedelta(0))]


OTHER = published(3, order=5, name="Other", criteria={"all": [POOR]}).protocol
BESIDE: dict[str, Any] = {"in_force": ((3, 5),)}


def test_a_protocol_that_comes_first_takes_the_ticket_and_the_overlap_is_told() -> None:
    found = run(subject(), [look(**BESIDE)], versions={3: OTHER})

    assert opened(found) == []
    assert found.overlap == {"Other": 1}


def test_an_overlap_is_told_as_well_where_the_tested_version_comes_first() -> None:
    found = run(subject(order=1), [look(**BESIDE)], versions={3: OTHER})

    assert opened(found) == [("1", timedelta(0))]
    assert found.overlap == {"Other": 1}


def test_the_version_of_its_own_protocol_that_was_in_force_gives_way() -> None:
    own = published(3, order=5, criteria={"all": [POOR]}).protocol

    found = run(subject(), [look(**BESIDE)], versions={3: own})

    assert opened(found) == [("1", timedelta(0))]
    assert found.overlap == {}


def test_the_version_stands_where_its_protocol_stood_then_whatever_the_order_is_now() -> None:
    own = published(9, order=2, criteria={"all": [POOR]}).protocol
    then: dict[str, Any] = {"in_force": ((3, 5), (9, 2))}

    found = run(subject(order=30, same_as=[9]), [look(**then)], versions={3: OTHER, 9: own})

    assert opened(found) == [("1", timedelta(0))]
    assert found.overlap == {"Other": 1}


def test_tickets_are_decided_on_in_the_order_of_time() -> None:
    waits = [look(ticket=1), look(HOUR, ticket=2), look(9 * HOUR, ticket=2), look(9 * HOUR, ticket=1)]

    assert opened(run(subject(POOR, WAITS), waits)) == [("1", 4 * HOUR), ("2", 5 * HOUR)]


@pytest.mark.capability("CRI-05")
def test_a_days_cap_lets_in_so_many_and_the_others_wait_for_the_next_day() -> None:
    version = subject(guardrails={"max_cases_per_day": 2})
    looks = [look(number * HOUR, ticket=number, facts={"p_satisfied": 0.3}) for number in range(1, 5)]

    found = run(version, looks)

    midnight = datetime(2026, 3, 3, tzinfo=UTC) - START
    assert opened(found) == [("1", HOUR), ("2", 2 * HOUR), ("3", midnight), ("4", midnight)]
    assert found.deferred == 2


def test_of_those_who_wait_the_one_with_the_most_to_gain_is_let_in_first() -> None:
    version = subject(guardrails={"max_cases_per_day": 1})
    worse: dict[str, Any] = {"p_satisfied": 0.05}
    looks = [look(ticket=1), look(HOUR, ticket=2), look(2 * HOUR, ticket=3, facts=worse)]

    found = run(version, looks, end=START + 20 * HOUR)

    assert [ticket for ticket, _ in opened(found)] == ["1", "3"]


def test_the_same_looks_are_replayed_the_same() -> None:
    looks = [look(number * HOUR, ticket=number % 5) for number in range(40)]

    assert run(subject(POOR, WAITS), looks) == run(subject(POOR, WAITS), looks)


def teams(capacity: int) -> dict[str, Any]:
    return {"teams": [Team(group_id="20", name="Recovery", capacity=capacity)]}


RECOVERS = published(9, team=" recovery ", criteria={"all": [POOR]}).protocol
CAPPED = published(3, order=5, name="Other", criteria={"all": [POOR]}, guardrails={"max_cases_per_day": 1}).protocol


def test_a_team_takes_no_more_open_cases_than_it_can_and_a_place_that_is_free_is_taken_at_once() -> None:
    looks = [look(number * HOUR, ticket=number) for number in range(1, 4)]
    lives = {1: [past(START + HOUR, START + 5 * HOUR)]}

    found = run(subject(team="Recovery"), [*looks, look(6 * HOUR, ticket=3)], lives=lives, **teams(2))

    assert opened(found) == [("1", HOUR), ("2", 2 * HOUR), ("3", 5 * HOUR)]
    assert found.deferred == 1


def test_where_the_version_was_live_its_looks_tell_when_a_free_place_was_taken() -> None:
    live: dict[str, Any] = {"in_force": ((9, 10),)}
    looks = [look(HOUR, **live), look(2 * HOUR, ticket=2, **live), look(6 * HOUR, ticket=2, **live)]
    lives = {1: [past(START + HOUR, START + 5 * HOUR)]}

    found = run(subject(team="Recovery", same_as=[9]), looks, lives=lives, **teams(1))

    assert opened(found) == [("1", HOUR), ("2", 6 * HOUR)]


@pytest.mark.parametrize("with_look", [True, False])
def test_a_case_that_rested_makes_room_whether_or_not_its_ticket_is_looked_at_again(with_look: bool) -> None:
    version = subject(team="Recovery", follow_up={"resurvey": {"after_hours": 24}})
    solved: dict[str, Any] = {"snapshot": {"status": "solved", "waiting": False}}
    again = [look(29 * HOUR, **solved)] if with_look else []

    found = run(version, [look(), look(HOUR, **solved), *again, look(30 * HOUR, ticket=2)], **teams(1))

    assert opened(found) == [("1", timedelta(0)), ("2", 30 * HOUR)]
    assert found.deferred == 0


def test_cases_from_before_the_span_take_room_also_where_nobody_looks_at_them() -> None:
    lives = {5: [past(START - DAY, START + 3 * HOUR)]}

    found = run(subject(team="20"), [look()], lives=lives, versions={9: RECOVERS}, **teams(1))

    assert opened(found) == [("1", 3 * HOUR)]


def test_a_case_of_another_protocol_on_a_ticket_of_the_teams_group_takes_room() -> None:
    theirs = look(**BESIDE, snapshot={"group_id": "20"})

    found = run(subject(team="Recovery"), [theirs, look(HOUR, ticket=2)], versions={3: OTHER}, **teams(1))

    assert opened(found) == []
    assert found.deferred == 1


def test_the_days_cap_counts_what_had_opened_before_the_span() -> None:
    lives = {5: [past(START - HOUR, START - HOUR / 2)]}

    found = run(subject(guardrails={"max_cases_per_day": 1}), [look()], lives=lives, end=START + 10 * HOUR)

    assert opened(found) == []


def test_of_equal_ones_who_waited_first_is_let_in_first() -> None:
    version = subject(guardrails={"max_cases_per_day": 1})
    looks = [look(), *(look(number * HOUR, ticket=10 - number) for number in range(1, 4))]

    found = run(version, [*looks, look(20 * HOUR, ticket=4)], end=START + 2 * DAY)

    assert [ticket for ticket, _ in opened(found)] == ["1", "9", "8"]


def test_a_place_that_the_first_in_line_does_not_want_any_more_goes_to_the_next() -> None:
    young = condition("age_hours", "below", 5)
    version = subject(POOR, young, guardrails={"max_cases_per_day": 1})
    looks = [look(ticket=number, facts={"age_hours": age, "p_satisfied": p})
             for number, age, p in ((1, 0.0, 0.3), (2, 0.0, 0.1), (3, -30.0, 0.2))]  # fmt: skip

    found = run(version, looks, end=START + DAY)

    assert opened(found) == [("1", timedelta(0)), ("3", 15 * HOUR)]


def test_another_protocol_that_put_a_case_off_leaves_the_ticket_as_it_did() -> None:
    looks = [look(**BESIDE), look(HOUR, ticket=2, **BESIDE), look(DAY, ticket=2, facts={"level": "poor"})]
    real = PastCase(protocol="Other", version_id=3, opened_at=START, closed_at=None)

    found = run(subject(), looks, versions={3: CAPPED}, lives={1: [Life(past=real)]})

    assert opened(found) == [("2", DAY)]
    assert found.overlap == {"Other": 1}


def test_a_case_that_is_put_off_overlaps_with_nobody() -> None:
    version = subject(order=1, guardrails={"max_cases_per_day": 1})

    found = run(version, [look(), look(HOUR, ticket=2, **BESIDE)], versions={3: OTHER}, end=START + 10 * HOUR)

    assert found.deferred == 1
    assert found.overlap == {}


def test_a_case_that_was_taken_back_stands_in_no_way_since() -> None:
    once = subject(guardrails={"rearm": "never", "cooldown_hours": 0})
    real = past(START - DAY, START - HOUR, taken_back_at=START + 2 * HOUR)

    found = run(once, [look(), look(3 * HOUR)], lives={1: [real]})

    assert opened(found) == [("1", 3 * HOUR)]


def test_a_case_that_was_taken_back_is_an_earlier_case_still() -> None:
    second = subject(POOR, condition("earlier_cases", "at_least", 1), guardrails={"cooldown_hours": 0})
    real = past(START - DAY, START - HOUR, taken_back_at=START - HOUR)

    assert opened(run(second, [look()], lives={1: [real]})) == [("1", timedelta(0))]


def test_recoveries_that_had_failed_by_then_go_with_the_opening() -> None:
    losses = {1: [START - HOUR, START, START + HOUR]}

    found = run(subject(), [look(), look(ticket=2)], losses=losses)

    assert [one.failed_recoveries for one in found.openings] == [2, 0]


FEEDS_ITSELF: dict[str, Any] = {
    "cooldown_hours": 0,
    "rearm": "after_hours",
    "rearm_hours": 1,
    "max_cases": 20,
    "max_rounds": 2,
}


def test_cases_that_follow_one_another_without_a_word_of_the_customer_end_with_the_rounds() -> None:
    ends = [past(START + at * HOUR, START + (at + 1) * HOUR) for at in range(0, 8, 2)]
    looks = [look(at * HOUR, facts={"customer_messages": 1}) for at in range(8)]

    found = run(subject(guardrails=FEEDS_ITSELF), looks, lives={1: ends})

    assert [at for _, at in opened(found)] == [timedelta(0), 2 * HOUR]


def test_a_word_of_the_customer_begins_the_rounds_anew() -> None:
    ends = [past(START + at * HOUR, START + (at + 1) * HOUR) for at in range(0, 8, 2)]
    looks = [look(at * HOUR, facts={"customer_messages": 1 + (at >= 4)}) for at in range(8)]

    found = run(subject(guardrails=FEEDS_ITSELF), looks, lives={1: ends})

    assert [at for _, at in opened(found)] == [timedelta(0), 2 * HOUR, 4 * HOUR, 6 * HOUR]
