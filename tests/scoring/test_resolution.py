"""Resolution quality: whether the issue is being solved, apart from how the customer sounds."""

from __future__ import annotations

import math

import pytest

from app.scoring.conversation import TicketFacts
from app.scoring.engine import ticket_readings
from app.scoring.resolution import BASE_LOGIT, THRESHOLD, WEIGHTS, Resolution, resolution
from app.scoring.signals import REGISTRY, Effect
from tests.scoring.conversations import NO_FACTS, START, hear, talk

SOLVED = ["My lamp flickers.", "A: I have replaced it, it will arrive tomorrow.", "Thanks, it works now."]


def after(*turns: str, facts: TicketFacts = NO_FACTS) -> Resolution:
    """The resolution quality after these turns."""
    running = hear(*talk(*turns))
    return resolution(running, ticket_readings(running, facts, START))


def test_nothing_said_is_the_base() -> None:
    found = after()

    assert found.value == pytest.approx(0.5987, abs=1e-4)
    assert found.reasons == ()


@pytest.mark.capability("DET-04")
def test_a_solved_ticket_that_broke_again_drops_below_the_threshold() -> None:
    solved = after(*SOLVED, facts=TicketFacts(solved=True))
    again = after(*SOLVED, "It broke again.", facts=TicketFacts(reopens=1))

    assert solved.value > 0.8
    assert not solved.poor
    assert again.value < THRESHOLD
    assert again.poor
    assert again.reasons[0].signal == "acts.still_broken"
    assert "broke again" in again.reasons[0].evidence


@pytest.mark.capability("DET-04")
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((["Broken."], NO_FACTS), (["Broken."], TicketFacts(reopens=2))),
        (
            (["Where is my lamp?", "A: Your lamp is on the blue van.", "And?"], NO_FACTS),
            (["Where is my lamp?", "A: Have a nice day.", "And?"], NO_FACTS),
        ),
        ((["Broken.", "A: Fixed."], NO_FACTS), (["Broken.", "A: Fixed."], TicketFacts(solved=True))),
        ((["Broken."], NO_FACTS), (["Broken."], TicketFacts(solved=True))),
        ((["Broken."], NO_FACTS), (["Broken."], TicketFacts(same_topic_days=3))),
    ],
    ids=["reopened", "question missed", "nobody confirmed", "the customer spoke last", "the same topic again"],
)
def test_what_speaks_against_a_solution_lowers_it(
    better: tuple[list[str], TicketFacts], worse: tuple[list[str], TicketFacts]
) -> None:
    high, low = (after(*turns, facts=facts) for turns, facts in (better, worse))

    assert low.value < high.value


def test_a_later_message_lets_an_older_one_fade() -> None:
    at_once = after("Hi", "A: Try again.", "It is still not working.")
    later = after("Hi", "A: Try again.", "It is still not working.", "A: And now?", "Let me look.")

    assert at_once.value < later.value < after("Hi").value


def test_the_reasons_add_up() -> None:
    found = after(*SOLVED, "It broke again.", facts=TicketFacts(reopens=1, solved=True))

    logit = BASE_LOGIT + math.fsum(reason.logit for reason in found.reasons)
    assert math.log(found.value / (1 - found.value)) == pytest.approx(logit)
    assert [abs(reason.logit) for reason in found.reasons] == sorted(
        (abs(reason.logit) for reason in found.reasons), reverse=True
    )


def test_every_weight_has_the_sign_of_its_signal_and_none_is_of_tone() -> None:
    wrong = [name for name, weight in WEIGHTS.items() if (weight > 0) != (REGISTRY[name].effect is Effect.RAISES)]

    assert wrong == []
    assert not {name for name in WEIGHTS if name.startswith(("tone.", "wording.", "waiting."))}
