"""The risk that a customer leaves, with its own reasons."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.churn import BASE_LOGIT, WEIGHTS, Churn, Stake, churn
from app.scoring.conversation import TicketFacts
from app.scoring.gathering import Gathered, gather
from app.scoring.model import sigmoid
from tests.scoring.conversations import hear, talk

CANCEL = "I want to cancel my subscription."
TIER = Stake(tier=0.7, tier_said="tag: subscription")


def risk(*turns: str, facts: TicketFacts | None = None, stake: Stake | None = None) -> Churn:
    gathered = Gathered()
    for said in talk(*turns):
        if said.role == "customer":
            gathered = gather(gathered, said.id, said.text)
    return churn(hear(*talk(*turns)), facts or TicketFacts(), gathered, stake or Stake())


@pytest.mark.capability("DET-15")
def test_a_cancel_phrase_of_a_subscriber_sets_the_flag() -> None:
    found = risk(CANCEL, stake=TIER)

    assert found.flagged
    assert [(reason.name, reason.evidence) for reason in found.reasons] == [
        ("cancels", "“I want to cancel my subscription.”"),
        ("tier", "tag: subscription"),
    ]


@pytest.mark.parametrize(
    ("turns", "facts", "stake"),
    [
        (["Where is my order?"], TicketFacts(), Stake()),
        (["This is terrible, I am furious!"], TicketFacts(), Stake()),  # dissatisfied is not leaving
        ([CANCEL], TicketFacts(), Stake()),  # one phrase of a stranger alone
        (["Where is my order?"], TicketFacts(earlier_failures=2), Stake(tier=1.0, tier_said="tag: vip")),
    ],
)
def test_less_than_that_sets_no_flag(turns: list[str], facts: TicketFacts, stake: Stake) -> None:
    assert not risk(*turns, facts=facts, stake=stake).flagged


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cancels", risk(CANCEL)),
        ("cancelled_earlier", risk(CANCEL, "A: Please stay.", "When is it open?")),
        ("rival", risk("I found a better offer and will switch to a competitor")),
        ("open_age", risk("Hello", stake=Stake(open_days=14))),
        ("failures", risk("Hello", facts=TicketFacts(earlier_failures=2))),
        ("reopened", risk("Hello", facts=TicketFacts(reopens=1))),
        ("tier", risk("Hello", stake=TIER)),
    ],
)
def test_every_circumstance_raises_it_and_says_so(name: str, found: Churn) -> None:
    assert found.risk > sigmoid(BASE_LOGIT)
    reason = next(reason for reason in found.reasons if reason.name == name)
    assert reason.logit > 0
    assert reason.evidence


def test_a_customer_who_says_that_it_is_settled_is_at_less_risk() -> None:
    found = risk("Where is my order?", "A: Here.", "It arrived, thank you, problem solved!")

    assert [reason.name for reason in found.reasons] == ["settled"]
    assert found.risk < sigmoid(BASE_LOGIT)


def test_cancelling_with_thanks_is_no_settling() -> None:
    assert {reason.name for reason in risk("Thank you, but I want to cancel my account. Bye!").reasons} == {"cancels"}


def test_every_weight_belongs_to_a_circumstance() -> None:
    everything = risk(
        CANCEL + " I go to a competitor.", facts=TicketFacts(earlier_failures=1, reopens=2), stake=Stake(open_days=3)
    )

    assert {reason.name for reason in everything.reasons} <= set(WEIGHTS)


DAYS, COUNTS = st.floats(0, 400), st.integers(0, 50)


@given(days=DAYS, failures=COUNTS, reopens=COUNTS, tier=st.floats(0, 1))
def test_reasons_add_up_and_cancelling_never_lowers_the_risk(
    days: float, failures: int, reopens: int, tier: float
) -> None:
    facts = TicketFacts(earlier_failures=failures, reopens=reopens)
    stake = Stake(open_days=days, tier=tier, tier_said="tag: vip")

    calm, leaving = (risk(words, facts=facts, stake=stake) for words in ("Hello", f"Hello. {CANCEL}"))

    for found in (calm, leaving):
        logit = BASE_LOGIT + math.fsum(reason.logit for reason in found.reasons)
        assert found.risk == sigmoid(logit)
    assert leaving.risk > calm.risk
