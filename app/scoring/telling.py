"""What a conversation tells beside its scores, turn by turn, for documents without a desk or a database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.scoring.causes import TicketSays, conclude
from app.scoring.churn import Stake, churn
from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.explain import Explanation, explain
from app.scoring.gathering import PLAIN_LENS, Gathered, Lens, gather
from app.scoring.text import clean
from app.scoring.turning import LONGEST, turned_at
from app.words import Score


class Telling:
    """One conversation as it goes on; each telling uses nothing but the turns up to it."""

    def __init__(self, lens: Lens = PLAIN_LENS) -> None:
        self._lens = lens
        self._gathered = Gathered()
        self._before: Score | None = None
        self._opened_at: datetime | None = None
        self._indexes: list[int] = []
        self._series: list[float] = []

    def tell(
        self, index: int, utterance: Utterance, score: Score, running: Running, facts: TicketFacts
    ) -> dict[str, Any]:
        """After the customer's turn at that index: why the score is what it is, cause, turning point, churn risk."""
        cleaned = clean(utterance.text)
        if cleaned.text and not cleaned.is_auto_reply:
            self._gathered = gather(self._gathered, utterance.id, cleaned.text, self._lens)
        self._opened_at = self._opened_at or utterance.at
        self._indexes = [*self._indexes[1 - LONGEST :], index]
        self._series = [*self._series[1 - LONGEST :], score.p_satisfied]
        explanation, self._before = explain(score, self._before), score
        finding = conclude(self._gathered, self._lens, TicketSays(vendor=facts.vendor))
        stake = Stake(open_days=max(0.0, (utterance.at - self._opened_at) / timedelta(days=1)))
        turned = turned_at(self._series)
        return {
            **as_document(explanation),
            "cause": finding.cause.cause.value,
            "cause_class": finding.cause.name,
            "fault_side": finding.fault.side.value,
            "turning_index": None if turned is None else self._indexes[turned],
            "churn_risk": churn(running, facts, self._gathered, stake).risk,
            "language": running.language,
        }


def as_document(explanation: Explanation) -> dict[str, Any]:
    """An explanation as plain JSON, under the names that `kintsugi score` and the API use.

    `base_points`, the points of all factors and `correction_points` add up to 100 * p_satisfied.
    """
    return {
        "explanation": explanation.sentence,
        "change": explanation.change,
        "base_points": explanation.base_points,
        "factors": [
            {"factor": part.factor.value, "logit": part.logit, "points": part.points} for part in explanation.parts
        ],
        "correction_points": explanation.correction_points,
    }
