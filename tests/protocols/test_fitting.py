"""The protocol for a cause, as the sidebar shows it."""

from __future__ import annotations

import pytest

from app.protocols.decide import Published
from app.protocols.document import read_document
from app.protocols.fitting import AMOUNT, fitting, guides, steps_of
from app.protocols.packs import load_pack

IN_FORCE = [
    Published(version_id=number, protocol=read_document(text), order=number)
    for number, text in enumerate(load_pack("subscription"), start=1)
]

PRICING = """\
name: Too expensive
cause: billing
criteria:
  all:
    - {field: state, operator: is, value: poor_worsening}
team: Recovery
actions:
  - {do: note, text: "Offer 15 % off the next order, or €20 once. Never both."}
  - {do: draft, text: "Dear customer,\\n\\nwe take 10,50 EUR off, or give you 2 months free. €20 is the most."}
"""


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


@pytest.mark.capability("PRO-03")
def test_a_guide_has_every_step_with_the_whole_words_that_come_with_it() -> None:
    guide = guides(IN_FORCE, "billing")[0]

    assert (guide.name, guide.in_charge) == ("Invoice or payment trouble", True)
    assert [step.line for step in guide.steps] == list(steps_of(fitting(IN_FORCE, "billing")[0]))[: len(guide.steps)]
    assert any(step.do == "draft" and "\n" in step.words for step in guide.steps)


def test_a_protocol_for_any_cause_is_in_charge_of_none() -> None:
    assert [guide.in_charge for guide in guides(IN_FORCE, "billing")] == [True, False, False]


@pytest.mark.capability("PRO-03")
def test_a_pricing_complaint_shows_the_pricing_protocol_first_with_its_amounts() -> None:
    protocol = read_document(PRICING)

    guide = guides([Published(version_id=1, protocol=protocol, order=9), *IN_FORCE[:1]], "billing")[0]

    assert guide.name == "Too expensive"
    assert guide.amounts == ("15 %", "€20", "10,50 EUR", "2 months free")


@pytest.mark.parametrize(
    "text", ["ticket 4711", "within 24 hours", "at 9.30", "call 555 0100", "version 2.5", "COVID19"]
)
def test_numbers_that_are_no_amounts_are_none(text: str) -> None:
    assert AMOUNT.search(text) is None


@pytest.mark.parametrize("text", ["$9.50", "EUR 1,200.00", "20 €", "10%", "7 percent", "5 euros", "1 month free"])
def test_amounts_are_found_as_people_write_them(text: str) -> None:
    found = AMOUNT.search(text)

    assert found is not None
    assert found[0] == text
