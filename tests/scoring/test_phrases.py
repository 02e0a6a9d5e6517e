"""Sentences that customers write, and the acts they show or must not show."""

from __future__ import annotations

import pytest

from app.scoring.signals import REGISTRY
from tests.scoring.conversations import parts, readings, scores, talk

SHOWS = [
    ("I want to cancel my subscription.", "cancel"),
    ("Please close my account today.", "cancel"),
    ("I am cancelling my contract.", "cancel"),
    ("I'll take my business elsewhere.", "cancel"),
    ("I will never order from you again.", "cancel"),
    ("Then I am switching to a competitor.", "cancel"),
    ("You have lost a customer.", "cancel"),
    ("My lawyer will contact you.", "legal"),
    ("I am considering legal action.", "legal"),
    ("I'll see you in court.", "legal"),
    ("The ombudsman will hear about this.", "legal"),
    ("I will dispute the charge.", "legal"),
    ("I will leave a bad review.", "public"),
    ("I'll tell everyone about this.", "public"),
    ("Shall I post this on social media?", "public"),
    ("Let me speak to your manager.", "manager"),
    ("I want to talk to a real person.", "manager"),
    ("Please escalate this.", "manager"),
    ("I would like to make a complaint.", "manager"),
    ("This is the third time I write.", "repeat_contact"),
    ("My 4th email about this!", "repeat_contact"),
    ("I have called twice.", "repeat_contact"),
    ("How many times do I need to explain?", "repeat_contact"),
    ("Nobody answers.", "repeat_contact"),
    ("As I already said, it is the blue one.", "already_said"),
    ("I told you the number yesterday.", "already_said"),
    ("Did you even read my message?", "already_said"),
    ("That does not answer my question.", "already_said"),
    ("I’ve already sent the photo.", "already_said"),
    ("It is still not working.", "still_broken"),
    ("Still no refund.", "still_broken"),
    ("It broke again.", "still_broken"),
    ("The update didn't help.", "still_broken"),
    ("The parcel never arrived.", "still_broken"),
    ("The same problem as last week.", "still_broken"),
    ("This is ridiculous.", "anger"),
    ("I am furious.", "anger"),
    ("I'm really disappointed in you.", "anger"),
    ("What a waste of time.", "anger"),
    ("Thats not good enough.", "anger"),
    ("I am not happy with this.", "anger"),
    ("What the hell is going on?", "profanity"),
    ("This damn thing.", "profanity"),
    ("The screen arrived damaged.", "problem"),
    ("I was charged twice.", "problem"),
    ("I can't log in.", "problem"),
    ("I have been waiting for days.", "waited"),
    ("Any update?", "waited"),
    ("When will it come?", "waited"),
    ("I don't understand what you want.", "confused"),
    ("Is there another colour?", "alternative"),
    ("Never mind, forget it.", "decline"),
    ("Great, another delay.", "sarcasm"),
    ("Thanks for nothing.", "sarcasm"),
    ("Oh great.", "sarcasm"),
    ("Yeah right.", "sarcasm"),
    ("Thank you so much!", "thanks_closing"),
    ("Perfect, thanks.", "thanks_closing"),
    ("I really appreciate it.", "thanks_closing"),
    ("Thanks, but it is still broken.", "thanks"),
    ("Thank you, when will it arrive?", "thanks"),
    ("It works now.", "solved"),
    ("That solved it.", "solved"),
    ("All good now.", "solved"),
    ("Your colleague was excellent.", "praise"),
    ("Yes, please do.", "accept"),
    ("That's all, bye.", "goodbye"),
]

SHOWS_NOT = [
    ("I am not angry at all.", "anger"),
    ("I'm not angry, just curious.", "anger"),
    ("I never said it was terrible.", "anger"),
    ("No problem at all.", "problem"),
    ("There is no issue with the order.", "problem"),
    ("I don't want to cancel.", "cancel"),
    ("I do not want to close my account.", "cancel"),
    ("No need for a manager.", "manager"),
    ("I won't call my lawyer.", "legal"),
    ("I will not leave a bad review.", "public"),
    ("This is not great.", "praise"),
    ("It isn't working now.", "solved"),
    ("No thanks.", "thanks_closing"),
    ("Thanks for nothing.", "thanks_closing"),
    ("Great, another delay.", "praise"),
    ("Class action is a word.", "profanity"),
    ("I live in Hellevoet.", "profanity"),
    ("My issue number is 12.", "legal"),
    ("Thank you, that is all.", "thanks"),
]


@pytest.mark.capability("DET-03")
@pytest.mark.parametrize(("text", "act"), SHOWS, ids=[text for text, _ in SHOWS])
def test_the_act_is_found_and_its_words_are_quoted(text: str, act: str) -> None:
    found = readings(text)[f"acts.{act}"]

    assert 0 < found.value <= 1
    quoted = found.evidence.removeprefix("low confidence: ").strip("…“”")
    assert quoted
    assert quoted in text


@pytest.mark.capability("DET-03")
@pytest.mark.parametrize(("text", "act"), SHOWS_NOT, ids=[f"{act}: {text}" for text, act in SHOWS_NOT])
def test_the_act_is_not_found(text: str, act: str) -> None:
    found = readings(text).get(f"acts.{act}")

    assert found is None or found.abstained


@pytest.mark.capability("DET-03")
def test_sarcasm_is_marked_as_a_hint_that_cannot_be_trusted() -> None:
    found = readings("Great, another delay.")

    assert not REGISTRY["acts.sarcasm"].confident
    assert found["acts.sarcasm"].evidence.startswith("low confidence: ")
    assert found["tone.vader_positive"].abstained == "friendly words are not counted, they may be sarcasm"


@pytest.mark.capability("DET-03")
@pytest.mark.parametrize(
    "text",
    [
        "This is the THIRD TIME I write!!!",
        "I want to speak to your manager.",
        "I want to cancel my subscription.",
        "My lawyer will contact you.",
        "WHAT THE HELL IS THIS??",
    ],
)
def test_a_hot_phrase_raises_the_risk_at_once(text: str) -> None:
    calm, hot = scores(*talk("Where is my order?", "A: On its way.", text))[::2]

    assert hot.score <= calm.score - 15
    assert hot.p_satisfied_now < calm.p_satisfied_now
    hottest = min(parts(hot), key=lambda name: parts(hot)[name])
    assert hottest.startswith(("acts.", "tone.capitals"))


def test_an_act_counts_more_the_more_often_it_is_found() -> None:
    once = readings("That is terrible.")["acts.anger"]
    often = readings("That is terrible. You are useless and rude, a joke.")["acts.anger"]

    assert once.value == pytest.approx(1 / 3)
    assert often.value == 1
