"""How values are said to people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.scoring.churn import WEIGHTS
from app.scoring.reasons import Factor
from app.scoring.signals import REGISTRY
from app.store.models import DeliveryState, InvitationState, StepRow, StepState
from app.web import wording
from app.web.paths import local
from app.words import CaseStage, FaultSide, Outcome, SatState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "vocabulary"),
    [
        (SatState, wording.STATES),
        (SatState, wording.ARROWS),
        (CaseStage, wording.STAGES),
        (StepState, wording.STEPS),
        (InvitationState, wording.INVITATIONS),
        (DeliveryState, wording.DELIVERIES),
        (Outcome, wording.OUTCOMES),
        (FaultSide, wording.FAULTS),
        (Factor, wording.FACTORS),
        (WEIGHTS, wording.CHURN),
    ],
)
def test_every_value_has_its_words(kind: Any, vocabulary: dict[str, str]) -> None:
    assert {value for value in kind if not vocabulary.get(value)} == set()


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0.001, "under a minute ago"),
        (0.5, "30 min ago"),
        (3, "3 h ago"),
        (30, "30 h ago"),
        (50, "2 d ago"),
        (-2, "in 2 h"),
    ],
)
def test_times_are_said_in_their_largest_unit(hours: float, said: str) -> None:
    assert wording.ago(NOW - timedelta(hours=hours), NOW) == said


def test_no_time_is_never() -> None:
    assert wording.ago(None, NOW) == wording.moment(None) == "never"


def test_a_moment_says_that_it_is_utc() -> None:
    assert wording.moment(NOW) == "2 Mar 2026, 09:00 UTC"


@pytest.mark.parametrize(("number", "said"), [(5, "+5"), (-14, "\u221214"), (0, "±0")])
def test_changes_carry_their_sign(number: int, said: str) -> None:
    assert wording.signed(number) == said


def test_a_step_of_an_older_form_keeps_its_label() -> None:
    known = StepRow(do="assign", params={"gone": 1})
    unknown = StepRow(do="send_flowers", params={})

    assert wording.step_line(known) == "Assign the ticket"
    assert wording.step_line(unknown) == "Send flowers"


def test_a_sparkline_stays_inside_its_frame() -> None:
    points = [tuple(map(float, point.split(","))) for point in wording.sparkline([0, 100, 50], 120, 32).split()]

    assert points == [(4, 28), (60, 4), (116, 16)]


def test_a_sparkline_of_nothing_is_nothing() -> None:
    assert wording.sparkline([]) == ""


@pytest.mark.parametrize("path", ["//evil", "/\\evil", "https://evil", "evil", "", None, "/a\tb"])
def test_paths_that_leave_the_site_lead_home(path: str | None) -> None:
    assert local(path) == "/"


def test_paths_on_the_site_are_kept() -> None:
    assert local("/cases?stage=closed") == "/cases?stage=closed"


def test_every_signal_has_its_words() -> None:
    assert set(REGISTRY) - set(wording.SIGNALS) == set()


def test_a_signal_that_is_new_is_said_by_its_name() -> None:
    assert wording.reason("effort.broken_promise") == "Broken promise"


@pytest.mark.parametrize(
    ("hours", "said"), [(0.0, "under a minute"), (0.03, "2 min"), (0.995, "60 min"), (1.0, "1.0 h"), (26.04, "26.0 h")]
)
def test_a_measured_time_below_an_hour_is_said_in_minutes(hours: float, said: str) -> None:
    assert wording.lasted(hours) == said
