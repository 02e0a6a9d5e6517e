"""What automation may say to a customer who has heard something before."""

from __future__ import annotations

import pytest

from app.protocols.contact import Said, kinds, withheld
from app.protocols.protocol import Guardrails

SORRY = "We are sorry for the trouble."
STATUS = "Your parcel is on its way."
WHY = "It took so long because the van broke down."
ONCE = Guardrails(max_apologies=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SORRY, {Said.APOLOGY}),
        ("Wir entschuldigen uns, das Paket ist unterwegs.", {Said.APOLOGY, Said.STATUS}),
        (WHY, {Said.EXPLANATION}),
        ("This will not happen again.", {Said.VOW}),
        ("This won't happen again.", {Said.VOW}),
        ("Please send us a photo.", set()),
        ("", set()),
    ],
)
def test_kinds_of_words_are_found(text: str, said: set[Said]) -> None:
    assert kinds(text) == said


@pytest.mark.capability("N9")
@pytest.mark.parametrize(("before", "sent"), [(0, True), (1, False), (4, False)])
def test_the_second_apology_is_withheld(before: int, sent: bool) -> None:
    assert (withheld(SORRY, ONCE, (), before) is None) is sent


def test_apologies_are_free_where_nobody_caps_them() -> None:
    assert withheld(SORRY, Guardrails(), (), 99) is None


def test_a_protocol_may_allow_no_apology_at_all() -> None:
    assert withheld(SORRY, Guardrails(max_apologies=0), (), 0) == (
        "withheld: it apologises, and this protocol allows no apology to one customer"
    )


@pytest.mark.capability("N9")
def test_one_text_tells_a_status_or_an_explanation() -> None:
    assert withheld(f"{STATUS} {WHY}", ONCE, (), 0) == (
        "withheld: it tells both a status and an explanation; say one of them"
    )


@pytest.mark.capability("N9")
@pytest.mark.parametrize(
    ("text", "before", "sent"),
    [
        (STATUS, Said.STATUS, True),
        (STATUS, Said.EXPLANATION, False),
        (WHY, Said.STATUS, False),
        (WHY, Said.EXPLANATION, True),
        (SORRY, Said.STATUS, True),
    ],
)
def test_one_case_tells_a_status_or_an_explanation(text: str, before: Said, sent: bool) -> None:
    assert (withheld(text, ONCE, [before], 0) is None) is sent


def test_a_case_that_has_told_both_may_still_say_something_else() -> None:
    assert withheld("Please call us.", ONCE, [Said.STATUS, Said.EXPLANATION], 1) is None


@pytest.mark.capability("N9")
@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("We will do better.", False),
        ("We will do better: https://example.com/what-changed", True),
    ],
)
def test_a_vow_needs_the_change_behind_it(text: str, sent: bool) -> None:
    assert (withheld(text, ONCE, (), 0) is None) is sent
