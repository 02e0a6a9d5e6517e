"""How to speak with a customer, by state and signals."""

from __future__ import annotations

import pytest

from app.scoring.hints import _BY_SIGNAL, BY_STATE, MOST, hints
from app.scoring.signals import FAMILIES
from app.words import SatState


@pytest.mark.capability("GUI-02")
@pytest.mark.parametrize("state", SatState)
def test_every_state_has_hints_of_its_own(state: SatState) -> None:
    others = {text for other in SatState if other is not state for text in BY_STATE[other]}

    given = hints(state, ())

    assert len(given) == 2
    assert {hint.because for hint in given} == {state}
    assert not {hint.text for hint in given} & others


@pytest.mark.capability("GUI-02")
def test_a_signal_brings_its_hint_before_those_of_the_state() -> None:
    given = hints(SatState.POOR_WORSENING, {"acts.anger"})

    assert given[0].because == "acts.anger"
    assert given[1].because == SatState.POOR_WORSENING


def test_the_gravest_signal_comes_first() -> None:
    given = hints(SatState.POOR_WORSENING, {"acts.thanks", "acts.anger", "acts.self_harm"})

    assert [hint.because for hint in given] == ["acts.self_harm", "acts.anger", "acts.thanks", SatState.POOR_WORSENING]


def test_two_signals_that_ask_for_the_same_bring_one_hint() -> None:
    given = hints(SatState.POOR_WORSENING, {"acts.anger", "acts.profanity"})

    assert [hint.because for hint in given].count("acts.anger") == 1
    assert "acts.profanity" not in {hint.because for hint in given}


def test_many_signals_still_leave_room_for_the_state() -> None:
    found = {name for names, _ in _BY_SIGNAL for name in names}

    given = hints(SatState.POOR_WORSENING, found)

    assert len(given) == MOST
    assert given[-1].because == SatState.POOR_WORSENING


def test_hints_go_by_signals_that_there_are() -> None:
    named = {name for names, _ in _BY_SIGNAL for name in names}

    assert named <= {signal.name for family in FAMILIES for signal in family.signals}
