"""The recovery funnel: how many cases came how far, each count a set of cases that one can list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.words import Cause


class FunnelStage(StrEnum):
    """What is counted, in the order of the way; `held_out` is beside it."""

    ELIGIBLE = "eligible"
    HELD_OUT = "held_out"
    FLAGGED = "flagged"
    ASSIGNED = "assigned"
    CONTACTED = "contacted"
    RESOLVED = "resolved"
    RESURVEYED = "resurveyed"
    ANSWERED = "answered"
    RECOVERED = "recovered"


#: The stages of treated cases, each a part of the one before.
WAY = tuple(stage for stage in FunnelStage if stage not in (FunnelStage.ELIGIBLE, FunnelStage.HELD_OUT))


class Ending(StrEnum):
    """Where treated cases are now; every one of them is in exactly one."""

    OPEN = "open"
    RECOVERED = "recovered"
    LOST = "lost"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case with the first moment of everything that happened to it; None where it has not."""

    id: int
    protocol: str
    cause: Cause = Cause.UNKNOWN
    eligible_at: datetime
    held_out_at: datetime | None = None
    flagged_at: datetime | None = None
    assigned_at: datetime | None = None
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None
    resurveyed_at: datetime | None = None
    answered_at: datetime | None = None
    recovered_at: datetime | None = None
    lost_at: datetime | None = None
    expired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCount:
    """The cases that came to a stage or beyond it."""

    stage: FunnelStage
    ids: frozenset[int]
    skipped: frozenset[int] = frozenset()  #: those of `ids` that went past this stage without stopping at it

    @property
    def count(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long something took: half of the cases within `p50`, nine in ten within `p90`; None without cases."""

    count: int
    p50: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Eligible cases are held out, flagged, or neither yet; flagged ones go the way and end once."""

    stages: tuple[StageCount, ...]  #: every FunnelStage, in order
    endings: Mapping[Ending, frozenset[int]]
    to_first_touch: Spread  #: from eligible to contacted
    to_recovery: Spread  #: from eligible to recovered

    def stage(self, stage: FunnelStage) -> StageCount:
        return next(count for count in self.stages if count.stage is stage)

    def share(self, stage: FunnelStage, of: FunnelStage) -> float | None:
        """Count of one stage over another's, in [0, 1]; None where the other is empty."""
        whole = self.stage(of).count
        return self.stage(stage).count / whole if whole else None


def funnel(cases: Sequence[CaseRow]) -> Funnel:
    """The funnel of these cases. Raises ValueError when an id comes twice."""
    if len({case.id for case in cases}) != len(cases):
        raise ValueError("a case was given twice")
    treated = [case for case in cases if case.flagged_at and not case.held_out_at]
    eligible = StageCount(stage=FunnelStage.ELIGIBLE, ids=frozenset(case.id for case in cases))
    held_out = StageCount(stage=FunnelStage.HELD_OUT, ids=frozenset(case.id for case in cases if case.held_out_at))
    return Funnel(
        stages=(eligible, held_out, *_way(treated)),
        endings=_endings(treated),
        to_first_touch=_spread(treated, lambda case: case.contacted_at),
        to_recovery=_spread(treated, lambda case: case.recovered_at),
    )


def by_protocol(cases: Iterable[CaseRow]) -> Mapping[str, Funnel]:
    """A funnel per protocol, by name."""
    return _by(cases, lambda case: case.protocol)


def by_cause(cases: Iterable[CaseRow]) -> Mapping[str, Funnel]:
    """A funnel per cause, by name."""
    return _by(cases, lambda case: str(case.cause))


def within(cases: Iterable[CaseRow], start: datetime, end: datetime) -> tuple[CaseRow, ...]:
    """The cases that became eligible from `start` up to, not including, `end`."""
    return tuple(case for case in cases if start <= case.eligible_at < end)


def _by(cases: Iterable[CaseRow], key: Callable[[CaseRow], str]) -> Mapping[str, Funnel]:
    groups: dict[str, list[CaseRow]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return MappingProxyType({name: funnel(groups[name]) for name in sorted(groups)})


def _way(treated: Sequence[CaseRow]) -> tuple[StageCount, ...]:
    """From the far end backwards: who came further has come this far too."""
    beyond: frozenset[int] = frozenset()
    counts: list[StageCount] = []
    for stage in reversed(WAY):
        stopped = frozenset(case.id for case in treated if getattr(case, f"{stage}_at"))
        counts.append(StageCount(stage=stage, ids=stopped | beyond, skipped=beyond - stopped))
        beyond |= stopped
    return tuple(reversed(counts))


def _endings(treated: Sequence[CaseRow]) -> Mapping[Ending, frozenset[int]]:
    ended: dict[Ending, set[int]] = {ending: set() for ending in Ending}
    for case in treated:
        ended[_ending(case)].add(case.id)
    return MappingProxyType({ending: frozenset(ids) for ending, ids in ended.items()})


def _ending(case: CaseRow) -> Ending:
    if case.recovered_at:
        return Ending.RECOVERED
    if case.lost_at:
        return Ending.LOST
    return Ending.EXPIRED if case.expired_at else Ending.OPEN


def _spread(cases: Sequence[CaseRow], moment: Callable[[CaseRow], datetime | None]) -> Spread:
    took = sorted(at - case.eligible_at for case in cases if (at := moment(case)) is not None)
    return Spread(count=len(took), p50=_percentile(took, 50), p90=_percentile(took, 90))


def _percentile(ordered: Sequence[timedelta], percent: int) -> timedelta | None:
    """The smallest duration that at least `percent` of them do not exceed (nearest rank)."""
    if not ordered:
        return None
    rank = -(-percent * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]
