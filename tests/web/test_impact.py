"""The impact page: the funnel of a desk's own cases."""

from __future__ import annotations

import pytest

from tests.seeds import Seeded
from tests.web.people import SignedIn


def test_without_a_case_it_says_how_cases_come_about(admin: SignedIn) -> None:
    assert "nothing to measure" in admin.get("/impact").text


def test_every_stage_counts_the_cases_that_came_to_it(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/impact").text

    assert '<th scope="row">Assigned</th><td class="number">1</td><td class="number">100 %</td>' in page
    assert '<th scope="row">Recovered</th><td class="number">0</td><td class="number">0 %</td>' in page


@pytest.mark.capability("SCO-06")
def test_early_warnings_stand_beside_false_alarms_and_say_that_they_are_few(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/impact").text

    assert "How early bad ratings were seen coming" in page
    assert "1 of 1<span" in page
    assert "Only 1 ticket was rated badly" in page


def test_without_a_bad_rating_nothing_is_said_of_early_warnings(admin: SignedIn) -> None:
    assert "No ticket has been rated badly yet" in admin.get("/impact").text


def test_times_below_an_hour_are_told_in_minutes(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/impact").text

    assert "0.0 h" not in page
    assert "Hours of lead" not in page
