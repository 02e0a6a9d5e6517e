"""The recovery funnel: stages as sets, endings, and how long it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measure.funnel import WAY, CaseRow, Ending, FunnelStage, Spread, by_cause, by_protocol, funnel, within
from app.words import Cause

START = datetime(2031, 1, 6, 8, 0, tzinfo=UTC)
WAY_WORDS = ("flagged", "assigned", "contacted", "resolved", "resurveyed", "answered", "recovered")


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def row(
    case_id: int, *stages: str, protocol: str = "P", cause: Cause = Cause.UNKNOWN, late: float = 0, **took
) -> CaseRow:
    """A case that was at `stages` an hour after another, or after the hours given by name."""
    moments = {f"{stage}_at": START + hours(late + number) for number, stage in enumerate(stages, start=1)}
    moments |= {f"{stage}_at": START + hours(late + count) for stage, count in took.items()}
    return CaseRow(id=case_id, protocol=protocol, cause=cause, eligible_at=START + hours(late), **moments)


@pytest.mark.capability("MEA-01")
def test_each_count_is_a_set_of_cases():
    found = funnel(
        [
            row(1, *WAY_WORDS),
            row(2, "flagged", "assigned", "contacted", "resolved", "resurveyed", "answered", "lost"),
            row(3, "flagged", "assigned", "contacted", "resolved", "expired"),
            row(4, "flagged"),
            row(5, "held_out"),
            row(6),
        ]
    )

    assert {count.stage.value: set(count.ids) for count in found.stages} == {
        "eligible": {1, 2, 3, 4, 5, 6},
        "held_out": {5},
        "flagged": {1, 2, 3, 4},
        "assigned": {1, 2, 3},
        "contacted": {1, 2, 3},
        "resolved": {1, 2, 3},
        "resurveyed": {1, 2},
        "answered": {1, 2},
        "recovered": {1},
    }
    assert found.endings == {
        Ending.OPEN: {4},
        Ending.RECOVERED: {1},
        Ending.LOST: {2},
        Ending.EXPIRED: {3},
    }


def test_a_stage_that_was_skipped_counts_and_says_so():
    found = funnel(
        [row(1, "flagged", "resolved", "resurveyed", "answered", "recovered"), row(2, "flagged", "contacted")]
    )

    contacted = found.stage(FunnelStage.CONTACTED)

    assert (contacted.count, contacted.ids, contacted.skipped) == (2, frozenset({1, 2}), frozenset({1}))


def test_a_held_out_case_is_never_on_the_way():
    found = funnel([row(1, "held_out", "flagged", "recovered")])

    assert found.stage(FunnelStage.FLAGGED).count == 0
    assert found.to_recovery.count == 0


def test_no_cases_make_an_empty_funnel():
    found = funnel([])

    assert all(count.count == 0 for count in found.stages)
    assert found.to_first_touch == Spread(count=0, p50=None, p90=None)
    assert found.share(FunnelStage.RECOVERED, of=FunnelStage.FLAGGED) is None


def test_a_share_is_of_the_stage_that_is_asked_for():
    found = funnel([row(1, *WAY_WORDS), row(2, "flagged"), row(3), row(4)])

    assert found.share(FunnelStage.RECOVERED, of=FunnelStage.FLAGGED) == 0.5
    assert found.share(FunnelStage.RECOVERED, of=FunnelStage.ELIGIBLE) == 0.25


def test_a_case_given_twice_is_refused():
    with pytest.raises(ValueError, match="given twice"):
        funnel([row(1), row(1)])


def test_half_and_nine_tenths_of_the_times_on_known_cases():
    cases = [row(n, flagged=0, contacted=n, recovered=10 * n, late=n) for n in range(1, 11)]

    found = funnel(cases)

    assert found.to_first_touch == Spread(count=10, p50=hours(5), p90=hours(9))
    assert found.to_recovery == Spread(count=10, p50=hours(50), p90=hours(90))


def test_one_case_is_its_own_half_and_nine_tenths():
    assert funnel([row(1, flagged=0, contacted=3)]).to_first_touch == Spread(count=1, p50=hours(3), p90=hours(3))


def test_funnels_by_protocol_and_by_cause():
    cases = [row(1, protocol="B"), row(2, protocol="A", cause=Cause.BILLING), row(3, protocol="B")]

    assert [(name, found.stages[0].ids) for name, found in by_protocol(cases).items()] == [
        ("A", frozenset({2})),
        ("B", frozenset({1, 3})),
    ]
    assert {name: found.stages[0].ids for name, found in by_cause(cases).items()} == {"unknown": {1, 3}, "billing": {2}}


def test_a_period_takes_its_start_and_leaves_its_end():
    cases = [row(1), row(2, late=1), row(3, late=2)]

    assert [case.id for case in within(cases, START, START + hours(2))] == [1, 2]


MOMENT = st.none() | st.integers(0, 500).map(lambda count: START + hours(count))
NAMES = (*WAY_WORDS, "held_out", "lost", "expired")
CASES = st.lists(
    st.builds(
        CaseRow,
        id=st.integers(1, 999),
        protocol=st.sampled_from("AB"),
        cause=st.sampled_from(Cause),
        eligible_at=st.just(START),
        **{f"{name}_at": MOMENT for name in NAMES},
    ),
    max_size=8,
    unique_by=lambda case: case.id,
)


@pytest.mark.capability("MEA-01")
@given(CASES)
def test_stages_nest_and_endings_add_up_whatever_happened(cases):
    found = funnel(cases)
    eligible, held_out = found.stages[0].ids, found.stages[1].ids
    way = [found.stage(stage) for stage in WAY]

    assert held_out <= eligible
    assert way[0].ids <= eligible - held_out
    assert all(later.ids <= earlier.ids for earlier, later in pairwise(way))
    assert all(count.skipped <= count.ids for count in found.stages)
    assert sum(len(ids) for ids in found.endings.values()) == way[0].count
    assert frozenset().union(*found.endings.values()) == way[0].ids
    assert found.endings[Ending.RECOVERED] == way[-1].ids


@given(CASES)
def test_the_parts_by_protocol_add_up_to_the_whole(cases):
    whole, parts = funnel(cases), by_protocol(cases).values()

    for number, count in enumerate(whole.stages):
        assert sum(part.stages[number].count for part in parts) == count.count
