"""The order of the recovery queue: whom to see to first, with why in words. Pure; it is an order, not an amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from app.protocols.admission import expected_benefit
from app.words import SatState

#: How much sooner a state is seen to. Judgement: who is getting worse is lost first.
STATE_WEIGHTS: Mapping[SatState | None, float] = MappingProxyType(
    {
        SatState.POOR_WORSENING: 2.0,
        SatState.POOR_IMPROVING: 1.2,
        SatState.GOOD_WORSENING: 1.2,
        SatState.GOOD_IMPROVING: 0.6,
        None: 1.0,
    }
)
LATE = 2.0  #: a promised time has passed; judgement, as all below
SOON = 1.5  #: it passes within `SOON_IS`
SOON_IS = timedelta(hours=1)
TOUCHED = 0.7  #: the customer has had a first word, and nothing is due
STUCK = 1.3  #: a person has to decide something before it goes on
HIGH_VALUE = 100.0  #: of the desk's own figure, from which it is named as a reason

_STATE_WORDS: Mapping[SatState, str] = MappingProxyType(
    {
        SatState.POOR_WORSENING: "poor and getting worse",
        SatState.POOR_IMPROVING: "poor, but improving",
        SatState.GOOD_WORSENING: "still good, but getting worse",
        SatState.GOOD_IMPROVING: "good and improving",
    }
)


class Standing(NamedTuple):
    """An open case as far as its place in the queue goes. Moments are business time. A tuple, since every page of the
    queue makes thousands of them."""

    state: SatState | None = None
    p_satisfied: float | None = None
    churn_risk: float | None = None
    customer_value: float | None = None  #: the desk's own figure
    touch_due_at: datetime | None = None
    contacted_at: datetime | None = None
    recover_due_at: datetime | None = None
    resolved_at: datetime | None = None
    stuck: bool = False  #: a step or a survey waits for a person's decision

    @property
    def due_at(self) -> datetime | None:
        """The first promised time that is not kept yet."""
        touch = self.touch_due_at if self.contacted_at is None else None
        recover = self.recover_due_at if self.resolved_at is None else None
        if touch is None or recover is None:
            return touch or recover
        return min(touch, recover)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """A place in the queue: `urgency` times `benefit`, the greater the sooner; both above 0."""

    urgency: float
    benefit: float

    @property
    def value(self) -> float:
        return self.urgency * self.benefit


def rank(case: Standing, now: datetime) -> Rank:
    """Where the case stands at `now`: urgency from its state and its deadlines, benefit as `admission` has it."""
    due = case.due_at
    urgency = STATE_WEIGHTS[case.state] * (STUCK if case.stuck else 1.0)
    if due is not None and due <= now:
        urgency *= LATE
    elif due is not None and due <= now + SOON_IS:
        urgency *= SOON
    elif case.contacted_at is not None:
        urgency *= TOUCHED
    facts = {"p_satisfied": case.p_satisfied, "churn_risk": case.churn_risk, "customer_value": case.customer_value}
    return Rank(urgency=urgency, benefit=expected_benefit(facts))


def why(case: Standing, now: datetime) -> tuple[str, ...]:
    """The reasons for the place in words, urgency's before benefit's; without anything that a customer wrote."""
    return (*_urgent(case, now), *_beneficial(case))


def _urgent(case: Standing, now: datetime) -> list[str]:
    said: list[str] = []
    due = case.due_at
    if due is not None:
        what = "the first word" if case.contacted_at is None and due == case.touch_due_at else "the recovery"
        if due <= now:
            said.append(f"{what} is {_span(now - due)} late")
        elif due <= now + SOON_IS:
            said.append(f"{what} is due in {_span(due - now)}")
    if case.state is not None:
        said.append(_STATE_WORDS[case.state])
    if case.stuck:
        said.append("waits for a decision")
    return said


def _beneficial(case: Standing) -> list[str]:
    said: list[str] = []
    if case.p_satisfied is not None:
        said.append(f"{1 - case.p_satisfied:.0%} likely to end unsatisfied")
    if case.churn_risk is not None:
        said.append(f"{case.churn_risk:.0%} likely to leave")
    if case.customer_value is not None and case.customer_value >= HIGH_VALUE:
        said.append(f"worth {case.customer_value:,.0f} by your own figure")
    return said


def _span(length: timedelta) -> str:
    minutes = int(length / timedelta(minutes=1))
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 60:
        return f"{minutes // 60} h"
    return f"{minutes} min" if minutes else "under a minute"
