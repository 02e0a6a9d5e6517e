"""The protocol for a cause, as the sidebar shows it."""

from __future__ import annotations

import pytest

from app.protocols.decide import Published
from app.protocols.document import read_document
from app.protocols.fitting import fitting, steps_of
from app.protocols.packs import load_pack

IN_FORCE = [
    Published(version_id=number, protocol=read_document(text), order=number)
    for number, text in enumerate(load_pack("subscription"), start=1)
]


@pytest.mark.capability("PRO-03")
@pytest.mark.parametrize(
    ("cause", "first"),
    [("billing", "Invoice or payment trouble"), ("cancellation", "Cancellation"), ("platform", "Outage or no access")],
)
def test_a_complaint_about_something_shows_the_protocol_for_it_first(cause: str, first: str) -> None:
    shown = fitting(IN_FORCE, cause)

    assert [one.name for one in shown] == [first, "Bad rating", "About to leave"]


def test_a_cause_without_a_protocol_of_its_own_shows_the_default_one() -> None:
    assert fitting(IN_FORCE, "wrong_item")[0].name == "Unhappy and getting worse"
    assert fitting(IN_FORCE, "unknown")[0].name == "Unhappy and getting worse"


def test_steps_are_told_as_instructions_in_order() -> None:
    protocol = fitting(IN_FORCE, "billing")[0]

    lines = steps_of(protocol)

    assert len(lines) == len(protocol.actions)
    assert all(line[0].isupper() for line in lines)


def test_without_protocols_there_is_nothing_to_show() -> None:
    assert fitting([], "billing") == ()
