"""Drafts of replies held against what recovers customers. All of them are made up."""

from __future__ import annotations

import pytest

from app.scoring.reply_check import LONGEST, Checked, Point, check

GOOD = [
    "I'm sorry your parcel has been stuck since Monday. I have asked the courier to trace it, and I will write to you "
    "by Thursday with where it is.",
    "You're right, this should not have happened. I've refunded the 20 euros just now; you will see them on your card "
    "within three days.",
    "I understand how annoying a broken lamp on its first evening is. I'll send a new one today, and you should have "
    "it on Friday. It was not your fault.",
    "Thank you for explaining. I can make an exception for you: I have extended the return period, and you will "
    "receive a label within the hour.",
    "We got this wrong: you have waited two weeks for an answer. I have looked into it myself, and here is what "
    "happens: I will call you tomorrow at nine.",
]

#: A reply, and every point that it misses.
BAD = [
    (
        "Unfortunately our policy does not allow refunds after 30 days. You should have read the terms and conditions.",
        {Point.ACKNOWLEDGEMENT, Point.OWNERSHIP, Point.NEXT_STEP, Point.NO_POLICY_WALL, Point.NO_BLAME},
    ),
    (
        "Thank you for contacting us. Your request has been received and a member of our team will get back to you as "
        "soon as possible.",
        {Point.ACKNOWLEDGEMENT, Point.OWNERSHIP, Point.NEXT_STEP},
    ),
    (
        "I'm sorry to hear that. I have checked your order. As we already told you, I will refund it by Friday.",
        {Point.NO_BLAME},
    ),
    (
        "I'm sorry about the delay. I have looked into it, and I will send a new one tomorrow. For the rest our hands "
        "are tied.",
        {Point.NO_POLICY_WALL},
    ),
    (
        "I am sorry that your lamp arrived broken. The warehouse packs them. You will receive a new one by Friday.",
        {Point.OWNERSHIP},
    ),
    (
        "I am sorry that your lamp arrived broken. I've checked with the warehouse, and we will get back to you soon.",
        {Point.NEXT_STEP},
    ),
    (
        "We apologise for any inconvenience caused. We value your feedback.",
        {Point.ACKNOWLEDGEMENT, Point.OWNERSHIP, Point.NEXT_STEP},
    ),
]  # fmt: skip


def missed(checked: Checked) -> set[Point]:
    return {finding.point for finding in checked.findings if not finding.passed}


@pytest.mark.capability("GUI-03")
@pytest.mark.parametrize("reply", GOOD)
def test_a_good_reply_passes_every_point(reply: str) -> None:
    checked = check(reply)

    assert missed(checked) == set()
    assert checked.passed


@pytest.mark.capability("GUI-03")
@pytest.mark.parametrize(("reply", "wrong"), BAD)
def test_a_bad_reply_is_told_what_it_misses(reply: str, wrong: set[Point]) -> None:
    checked = check(reply)

    assert missed(checked) == wrong
    assert not checked.passed


def test_what_is_wrong_is_quoted_and_what_is_missing_is_advised() -> None:
    findings = {finding.point: finding for finding in check(BAD[0][0]).findings}

    assert findings[Point.NO_BLAME].quote == "You should have read the terms and conditions."
    assert "you should have" in findings[Point.NO_BLAME].advice
    assert findings[Point.OWNERSHIP].quote == ""
    assert findings[Point.OWNERSHIP].advice


def test_what_passed_needs_no_advice() -> None:
    assert [finding.advice for finding in check(GOOD[0]).findings] == [""] * len(Point)


@pytest.mark.parametrize(
    "reply",
    [
        "You should have received a code by now, and I'm sorry that the mail was late.",
        "This was never your fault, and I have corrected the address.",
        "You did not receive what you paid for, I can see that.",
        "You should have it by Friday, as I have booked the courier.",
    ],
)
def test_words_that_take_the_customers_side_are_no_blame(reply: str) -> None:
    assert Point.NO_BLAME not in missed(check(reply))


def test_refusing_an_exception_is_a_wall_and_granting_one_is_none() -> None:
    assert Point.NO_POLICY_WALL in missed(check("I am afraid that we cannot make any exceptions here."))
    assert Point.NO_POLICY_WALL in missed(check("I am afraid that we can not make an exception here."))
    assert Point.NO_POLICY_WALL not in missed(check("I will gladly make an exception for you here."))


def test_a_typographic_apostrophe_is_an_apostrophe() -> None:
    assert check(GOOD[1].replace("'", "’")).passed


@pytest.mark.parametrize("reply", ["", "   \n", "Hi there"])
def test_too_little_text_is_not_judged(reply: str) -> None:
    checked = check(reply)

    assert checked.findings == ()
    assert "too little" in checked.unread
    assert not checked.passed


def test_another_language_is_said_not_to_be_read() -> None:
    checked = check("Es tut mir leid, dass Ihr Paket noch nicht angekommen ist. Ich melde mich bis Freitag bei Ihnen.")

    assert checked.findings == ()
    assert "Only English" in checked.unread


def test_a_very_long_draft_is_read_up_to_its_limit() -> None:
    checked = check("I am fine with this. " * (LONGEST // 20) + "You should have read the manual.")

    assert Point.NO_BLAME not in missed(checked)


def test_a_long_sentence_is_quoted_in_part() -> None:
    checked = check("You should have read " + "this and that " * 30)

    quoted = next(finding.quote for finding in checked.findings if finding.point is Point.NO_BLAME)
    assert len(quoted) == 120
    assert quoted.endswith("…")
