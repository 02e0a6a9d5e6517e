"""How early bad ratings were seen coming: how many were flagged poor in time, how long before, and how many alarms were
false. Looks back at ratings that were given; nothing is predicted here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BAD_BELOW = 0.5  #: of the rating's scale in [0, 1]; the middle itself is not bad
FEW = 30  #: badly rated tickets below which a share says little
Z = 1.96  #: of a 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One rated ticket: its first rating, and what was known before it."""

    rating: float  #: in [0, 1]
    rated_at: datetime
    poor_at: datetime | None = None  #: when its score first was poor, before the rating
    messages_left: int = 0  #: messages of the customer that came after that, before the rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole, with the 95 % interval of Wilson (1927); None where the whole is empty."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        if not self.of:
            return None
        share, n = self.count / self.of, self.of
        middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How long before the rating flagged tickets were flagged; deciles by nearest rank, None without any."""

    count: int
    p10: float | None
    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """The report."""

    flagged: Share  #: badly rated tickets that were flagged poor before the rating
    in_time: Share  #: those of them that were so at least the wanted hours and messages before
    false_alarms: Share  #: tickets that were not badly rated although they had been flagged poor
    lead_hours: Lead
    lead_messages: Lead

    @property
    def few(self) -> bool:
        """So few bad ratings that the shares may well be chance."""
        return self.flagged.of < FEW


def early(rated: Iterable[Rated], *, hours: float, messages: int) -> Early:
    """The report on rated tickets; `hours` and `messages` are the lead that counts as in time."""
    everything = list(rated)
    bad = [one for one in everything if one.rating < BAD_BELOW]
    good = [one for one in everything if one.rating >= BAD_BELOW]
    seen = [one for one in bad if one.poor_at is not None]
    leads = [_hours(one) for one in seen]
    in_time = [one for one in seen if _hours(one) >= hours and one.messages_left >= messages]
    return Early(
        flagged=Share(count=len(seen), of=len(bad)),
        in_time=Share(count=len(in_time), of=len(bad)),
        false_alarms=Share(count=sum(one.poor_at is not None for one in good), of=len(good)),
        lead_hours=_lead(leads),
        lead_messages=_lead([float(one.messages_left) for one in seen]),
    )


def _hours(one: Rated) -> float:
    return (one.rated_at - one.poor_at) / timedelta(hours=1) if one.poor_at else 0.0


def _lead(values: Sequence[float]) -> Lead:
    ranked = sorted(values)
    p10, p50, p90 = (
        ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else None for share in (0.1, 0.5, 0.9)
    )
    return Lead(count=len(ranked), p10=p10, p50=p50, p90=p90)
