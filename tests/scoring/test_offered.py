"""What our replies offer, read from made-up words."""

from __future__ import annotations

import pytest

from app.scoring.offered import LONGEST, offers


@pytest.mark.parametrize(
    "reply",
    [
        "I have refunded the 20 euros to your card.",
        "We would like to offer you 10 % off your next order.",
        "You will receive a voucher for $9.50 by mail.",
        "We'll send you a replacement free of charge.",
        "Would you accept a store credit from us?",
        "I've waived the fee.",
        "It did not arrive, so we will refund you.",
        "Since it has not arrived we will refund you.",
        "We have refunded you because the lamp did not work.",
        "We have refunded the parcel you have not received.",
        "We replaced the lamp that did not work.",
        "We have refunded the item not received.",
        "No problem, we will refund you.",
        "We will not only refund you but send a replacement.",
    ],
)
def test_what_is_offered_is_told_in_its_own_words(reply: str) -> None:
    assert offers(reply) == (reply,)


@pytest.mark.parametrize(
    "reply",
    [
        "Unfortunately we cannot refund this.",
        "The item is non-refundable, and we make no exceptions.",
        "If you want a refund, we need the receipt.",
        "We will not refund you.",
        "You will not receive a refund.",
        "We have not issued you a credit.",
        "I won't be able to offer a discount.",
        "I won’t be able to offer a discount.",
        "We didn't promise you any voucher.",
        "We never offer a refund.",
        "We are unable to give you a refund.",
        "We have rejected your claim for a refund.",
        "Your refund request was declined by us.",
        "The discount has not been approved by us.",
        "Your parcel is on its way.",
        "Refunds take five days.",
        "",
    ],
)
def test_a_refusal_or_a_rule_offers_nothing(reply: str) -> None:
    assert offers(reply) == ()


def test_only_the_sentence_that_offers_is_told() -> None:
    said = "I am sorry about the lamp. We will refund €12.50 today!\nHave a good evening."

    assert offers(said) == ("We will refund €12.50 today!",)


def test_several_offers_are_told_in_their_order() -> None:
    said = "We can refund it. Or we send you a replacement."

    assert offers(said) == ("We can refund it.", "Or we send you a replacement.")


def test_a_long_offer_is_cut() -> None:
    (told,) = offers("We will refund it " + "and more " * 100)

    assert len(told) == LONGEST
