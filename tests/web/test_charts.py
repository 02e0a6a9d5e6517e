"""Positions of small charts."""

from __future__ import annotations

import pytest

from app.web import charts


def test_a_curve_needs_two_counts() -> None:
    assert charts.curves([10], [[0.2], [0.2]]) is None


def test_a_curve_spans_the_drawing() -> None:
    chart = charts.curves([10, 100, 1000], [[0.20, 0.18, 0.16], [0.20, 0.19, 0.19]])

    assert chart is not None
    assert [tick.at for tick in chart.across] == pytest.approx(
        [chart.left, (chart.left + chart.right) / 2, chart.right], abs=0.1
    )
    assert [tick.label for tick in chart.across] == ["10", "100", "1,000"]
    heights = [y for _, y in chart.dots]
    assert heights == sorted(heights)  # lower figures are further down


def test_equal_figures_are_a_flat_line() -> None:
    chart = charts.curves([10, 20], [[0.2, 0.2], [0.2, 0.2]])

    assert chart is not None
    assert len({y for _, y in chart.dots}) == 1


def test_what_comes_true_exactly_is_on_the_diagonal() -> None:
    chart = charts.promises([(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])

    assert chart is not None
    assert chart.lines[1].split() == [chart.lines[0].split()[0], chart.lines[0].split()[-1]]


def test_without_ratings_there_is_nothing_to_draw() -> None:
    assert charts.promises([]) is None
