"""Whatever comes in: a score or the reason why there is none, never an exception, and in bounded time."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.engine import next_rescore_at, observe, score, unscorable
from app.scoring.signals import REGISTRY
from app.words import Score
from tests.scoring.conversations import NO_FACTS, PRIOR, START, hear, says, talk

LATER = START + timedelta(days=2)
WARM = says("Where is my order? This is a terrible service, I want a manager, thanks.")

TEXTS = {
    "empty": "",
    "blank": " \n\t\n ",
    "one emoji": "😡",
    "a flag": "🇩🇪",
    "only a quote": "> We are sorry for the terrible delay.\n> Thank you",
    "only a header": "On Mon, 2 Mar 2026, Support wrote:",
    "only a signature": "--\nSome Body",
    "only a log": "2026-03-02 10:00:01 ERROR fatal\n2026-03-02 10:00:02 ERROR fatal",
    "only redactions": "▇▇▇ XXXX [REDACTED]",
    "only invisible": "\u200b\u200d\u202e\ufeff",
    "zero-width between letters": "t\u200be\u200br\u200br\u200bi\u200bb\u200bl\u200be",
    "right to left": "أين طلبي؟ لقد انتظرت ثلاثة أيام ولا أحد يجيب",
    "right to left with English": "\u202eطلبي is late\u202c جداً",
    "mixed languages": "Hallo, mi pedido est en retard, 我的订单, please help, спасибо",
    "half characters": "bro\ud800ken \udfff",
    "null": "bro\x00ken",
    "marks on marks": "te" + "\u0301" * 500 + "rrible",
    "control characters": "".join(map(chr, range(32))),
    "HTML that never ends": "<div><blockquote><p>terrible",
    "HTML of nothing": "<html><body></body></html>",
    "entities": "&#0;&#x110000;&bogus;&amp;",
    "numbers": "12 345 678 90",
    "signs": "!?.,;:-_()[]{}<>|\\/*+~#'\"`^°§$%&=@€",
    "a pattern": r"(?:a+)+$ [z-a] \p{L} (?<name>x",
    "a template": "{order} %s %(name)s {0} ${x}",
    "mathematical letters": "𝓣𝓱𝓲𝓼 𝓲𝓼 𝓫𝓻𝓸𝓴𝓮𝓷",
    "wide letters": "Ｔｅｒｒｉｂｌｅ",
}

MEGABYTES = {
    "words": "this is terrible, I want a manager and my money back ",
    "one word": "a",
    "emoji": "😡",
    "Chinese": "我的订单在哪里三天没有人回复我",
    "Arabic": "أين طلبي ",
    "negations": "not ",
    "thanks": "thank you ",
    "cancellations": "i want to cancel ",
    "capitals": "TERRIBLE ",
    "marks": "!?",
    "numbers": "order number 4821-77310 ",
    "profanity": "f" * 50 + "uuuuuu",
    "almost a phrase": "never order again and again and ",
    "conditions": "if i or else if i ",
    "apostrophes": "don't can't won't ",
    "hyphens": "a-b-",
    "tags": "<b>terrible</b>",
    "quotes": "\n> terrible",
    "logs": "\n2026-03-02 10:00:01 ERROR terrible",
}


def judged(said: Sequence[Utterance], now: datetime = LATER, facts: TicketFacts = NO_FACTS) -> Score | str:
    """The score, checked to be whole, or the reason why there is none."""
    running = Running.start()
    for utterance in said:
        running, found = observe(running, utterance)
        assert all(0 <= reading.value <= 1 and reading.signal in REGISTRY for reading in found)
    reason = unscorable(running, facts)
    found_score, moved_on = score(running, facts, PRIOR, now)
    due = next_rescore_at(moved_on, facts, PRIOR, now)
    assert math.isfinite(found_score.p_satisfied)
    assert math.isfinite(found_score.trend)
    assert due is None or due > now
    assert Running.from_json(json.loads(json.dumps(moved_on.to_json()))) == moved_on
    return reason if reason is not None else found_score


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_is_scored_or_says_why_not(text: str) -> None:
    verdict = judged([says(text)])

    assert isinstance(verdict, Score) or verdict == "no customer text"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_of_an_agent_is_read(text: str) -> None:
    assert isinstance(judged([says("Where is my order?"), says(text, "agent", minutes=5)]), Score)


@pytest.mark.parametrize("text", ["", "> quoted", "▇▇▇", "--\nSome Body", "\u200b"])
def test_a_message_without_words_says_so(text: str) -> None:
    assert judged([says(text)]) == "no customer text"


def test_one_emoji_is_read_as_tone() -> None:
    running = hear(says("😡"))

    assert running.seen.last["tone.emoji_negative"] > 0
    assert isinstance(judged([says("😡")]), Score)


def test_letters_with_nothing_visible_between_them_are_words() -> None:
    hidden, plain = hear(says("t\u200bh\u2060is is ter\u00adrible")), hear(says("this is terrible"))

    assert hidden.seen == plain.seen


@pytest.mark.parametrize("text", MEGABYTES.values(), ids=MEGABYTES.keys())
def test_a_megabyte_is_observed_and_scored_in_bounded_time(text: str) -> None:
    megabyte = text * (1_000_000 // len(text))
    judged([WARM])

    started = time.thread_time()
    running, _ = observe(Running.start(), says(megabyte))
    score(running, NO_FACTS, PRIOR, LATER)
    seconds = time.thread_time() - started

    # 50 ms are for cleaning the text; what is read of it is three thousand characters. The rest is a busy machine's.
    assert seconds < 0.4


@pytest.mark.parametrize("text", MEGABYTES.values(), ids=MEGABYTES.keys())
def test_time_does_not_grow_with_what_is_not_read(text: str) -> None:
    def seconds(length: int) -> float:
        said = says((text * (length // len(text) + 1))[:length])
        rounds = []
        for _ in range(3):
            started = time.thread_time()
            observe(Running.start(), said)
            rounds.append(time.thread_time() - started)
        return min(rounds)

    seconds(4_000)
    short, long = seconds(50_000), seconds(1_000_000)

    # Twenty times the text, of which at most twice as much is looked at.
    assert long < 5 * short + 0.01


def test_messages_out_of_order_are_scored() -> None:
    said = [says("Where is it?", minutes=50), says("Soon.", "agent", minutes=10), says("It is late!", minutes=-30)]

    assert isinstance(judged(said), Score)


def test_messages_at_one_moment_are_scored() -> None:
    said = [says("Where is it?"), says("Soon.", "agent"), says("When?"), says("Today.", "agent"), says("Thanks!")]

    assert isinstance(judged(said, now=START), Score)


def test_a_reply_before_its_question_is_no_negative_wait() -> None:
    running = hear(says("Where is it?", minutes=50), says("Soon.", "agent", minutes=10))

    assert running.waits.total == 0


def test_messages_from_the_future_are_scored_now() -> None:
    said = [says("Where is it?", minutes=60 * 24 * 400), says("Nobody answers!", minutes=60 * 24 * 401)]

    assert isinstance(judged(said, now=START), Score)


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_time_are_scored(at: datetime) -> None:
    said = Utterance(id="1", role="customer", public=True, text="Where is it?", at=at)

    assert isinstance(judged([said], now=START), Score)


def test_an_agent_who_is_also_a_customer_is_read_in_each_role() -> None:
    said = [
        says("My own parcel is late, terrible.", "customer"),
        says("I will send it again today.", "agent", minutes=5),
        says("Thanks to myself, it arrived.", "customer", minutes=9),
        says("Note to self: terrible.", "agent", minutes=9, public=False),
    ]

    running = hear(*said)

    assert (running.customer_turns, running.agent_turns) == (2, 1)
    assert isinstance(judged(said), Score)


def test_a_hundred_participants_change_nothing() -> None:
    crowd = [says(f"I agree, this is terrible, says number {number}.", "other", minutes=number) for number in range(98)]
    alone = [says("Where is my order?"), says("On its way.", "agent", minutes=99)]

    assert judged([alone[0], *crowd, alone[1]]) == judged(alone)


def test_a_hundred_messages_of_each_side_stay_small() -> None:
    turns = [text for number in range(100) for text in (f"Where is parcel {number}?", "A: It is on its way to you.")]

    running = hear(*talk(*turns))

    assert len(json.dumps(running.to_json())) < 20_000


@pytest.mark.parametrize(
    "said",
    [
        [],
        [says("We wrote first.", "agent")],
        [says("A note.", "agent", public=False)],
        [says("I am in copy.", "other")],
        [says("Hidden words of the customer.", public=False)],
    ],
)
def test_a_ticket_without_a_customer_message_says_so(said: list[Utterance]) -> None:
    assert judged(said) == "no customer message"


def test_a_ticket_of_machines_only_says_so() -> None:
    assert judged([says("Automatic reply: I am away.")]) == "only automatic replies"


def test_facts_without_measure_are_scored() -> None:
    facts = TicketFacts(
        reopens=10**6,
        reassignments=10**6,
        hold_minutes=1e9,
        priority="",
        earlier_ratings=(0.0,) * 1_000,
        mild_tickets=10**6,
        earlier_failures=10**6,
        same_topic_days=0.0,
    )

    assert isinstance(judged([says("Where is it?")], facts=facts), Score)
