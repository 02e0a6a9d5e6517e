"""What set it off, and whose fault it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.causes import CauseFound, Finding, TicketSays, conclude, corrected, find_fault
from app.scoring.gathering import PLAIN_LENS, Example, Gathered, Lens, gather
from app.scoring.likeness import features, likeness
from app.scoring.taxonomy import load_taxonomy, parse_causes
from app.scoring.vendors import Vendor
from app.words import Cause, FaultSide

VENDORS = (Vendor(name="Brightlamp", aliases=("bright lamp co",)), Vendor(name="Soft Sofa"))


def heard(*messages: str, lens: Lens = PLAIN_LENS) -> Gathered:
    """What is gathered from these messages, whose ids are their numbers."""
    gathered = Gathered()
    for number, words in enumerate(messages):
        gathered = gather(gathered, str(number), words, lens)
    return gathered


def concluded(*messages: str, lens: Lens = PLAIN_LENS, says: TicketSays | None = None) -> Finding:
    return conclude(heard(*messages, lens=lens), lens, says)


#: Threads with the cause that a person gives them and the number of the message that tells it. Written for this test.
LABELLED = [
    ("general", ["My parcel has not arrived. It was supposed to be here on Monday."], "shipping_delay", 0),
    ("general", ["Hello there", "I am still waiting for my order, it is two weeks late."], "shipping_delay", 1),
    ("general", ["You sent me the wrong size, this is not what I ordered."], "wrong_item", 0),
    ("general", ["The vase arrived broken, the box was crushed."], "damaged_item", 0),
    ("general", ["The kettle stopped working after a week."], "product_fault", 0),
    ("general", ["I was charged twice for one order."], "billing", 0),
    ("general", ["Where is my refund? You said five days."], "billing", 0),
    ("general", ["You cancelled my order without a word."], "cancellation", 0),
    ("general", ["Your agent hung up on me. That was rude."], "service_contact", 0),
    ("general", ["I can't log in, your website shows an error message."], "platform", 0),
    ("general", ["My parcel is late, it should have arrived on Friday.", "Nobody answers!"], "shipping_delay", 0),
    (
        "general",
        [
            "My order has not arrived.",
            "The third time I write, nobody answers and you keep ignoring me. A manager, or I will cancel.",
        ],
        "shipping_delay",
        0,
    ),
    ("general", ["Thank you, that is all."], "unknown", None),
    ("general", ["I am not complaining about late delivery."], "unknown", None),
    ("retail", ["The tracking says delivered but nothing is here."], "lost_parcel", 0),
    ("retail", ["Two screws are missing from the box."], "incomplete_order", 0),
    ("retail", ["I sent it back three weeks ago and my return was not processed."], "return_trouble", 0),
    ("saas", ["Since the update our export always fails."], "defect", 0),
    ("saas", ["Your service is down again, an outage every week."], "outage", 0),
    ("saas", ["All our projects are gone, we lost our data!"], "data_loss", 0),
    ("travel", ["Our flight was delayed and we missed our connection."], "transport_delay", 0),
    ("travel", ["The hotel was overbooked, they had no room for us."], "cancelled_booking", 0),
    ("travel", ["The room was filthy and not like the photos."], "stay_not_as_described", 0),
]  # fmt: skip


@pytest.mark.capability("DET-17")
@pytest.mark.parametrize(("pack", "messages", "name", "where"), LABELLED)
def test_labelled_threads_get_their_class_and_the_message_that_tells_it(
    pack: str, messages: list[str], name: str, where: int | None
) -> None:
    found = concluded(*messages, lens=Lens(load_taxonomy(pack))).cause

    assert found.name == name
    assert found.cause is load_taxonomy(pack).parent(name)
    if where is None:
        assert (found.confidence, found.evidence) == (0.0, ())
    else:
        assert found.evidence[0].message_id == str(where)
        assert found.evidence[0].said.strip("…“”")[:20] in messages[where]


def test_two_causes_told_as_strongly_are_no_certainty() -> None:
    assert concluded("It arrived broken, and I was charged twice as well.").cause.cause is Cause.UNKNOWN


def test_what_is_told_first_counts_more_than_what_is_told_later() -> None:
    late, rude = "My parcel has not arrived.", "Your agent was rude."

    assert concluded(late, rude).cause.cause is Cause.SHIPPING_DELAY
    assert concluded(rude, late).cause.cause is Cause.SERVICE_CONTACT


def test_a_tag_or_the_field_of_reasons_says_it_outright() -> None:
    by_tag = concluded("Hello", says=TicketSays(tags=frozenset({"late-delivery", "vip"}))).cause
    by_field = concluded("I was charged twice", says=TicketSays(reason="Damaged item")).cause

    assert (by_tag.cause, by_tag.evidence[0].said) == (Cause.SHIPPING_DELAY, "tag: late-delivery")
    assert (by_field.cause, by_field.evidence[0].said) == (Cause.DAMAGED_ITEM, "field of reasons: Damaged item")


def test_one_message_cannot_outvote_everything_by_its_length() -> None:
    gathered = heard("late " * 50 + "delayed overdue late delivery never arrived never came not delivered")

    assert gathered.weights["cause:shipping_delay"] == 4.0


def test_the_message_that_says_it_most_is_shown() -> None:
    found = concluded("My parcel is two weeks late and was never delivered.", "It is late.").cause

    assert found.evidence[0].message_id == "0"


def test_an_admins_class_is_found_by_its_phrases_and_examples() -> None:
    own = parse_causes(
        [
            {"name": "cold_food", "parent": "product_fault", "phrases": ["food ... cold"]},
            {"name": "noise", "parent": "product_fault", "examples": ["The machine hums loudly all night long"]},
            {"name": "zoll", "parent": "shipping_delay", "examples": ["我的包裹被海关扣留了"]},
        ]
    )
    lens = Lens(load_taxonomy().extended(own))

    assert concluded("The food was stone cold.", lens=lens).cause.name == "cold_food"
    assert concluded("Hi. My machine hums so loudly all night!", lens=lens).cause.name == "noise"
    assert concluded("你好,我的包裹被海关扣留了", lens=lens).cause.name == "zoll"
    assert concluded("The weather is nice today.", lens=lens).cause.cause is Cause.UNKNOWN


def test_a_corrected_ticket_serves_as_an_example_without_its_words() -> None:
    told = "The blue gadget squeaks whenever it turns"
    lens = Lens(load_taxonomy(), (), [Example(cause="product_fault", hashes=features(told))])

    assert concluded("My blue gadget squeaks whenever it turns left", lens=lens).cause.cause is Cause.PRODUCT_FAULT


@pytest.mark.capability("DET-16")
@pytest.mark.parametrize(
    ("words", "says", "side", "said"),
    [
        ("My sofa has not arrived.", TicketSays(vendor="Soft Sofa"), FaultSide.VENDOR, "vendor field: Soft Sofa"),
        ("My sofa has not arrived.", TicketSays(order_vendor="soft  sofa"), FaultSide.VENDOR, "order: Soft Sofa"),
        ("My lamp by Bright Lamp Co. is two weeks late.", None, FaultSide.VENDOR, "“My lamp by Bright"),
        ("My sofa has not arrived, the courier lost it.", TicketSays(vendor="Soft Sofa"), FaultSide.COURIER, "courier"),
        ("The seller sent me the wrong item.", None, FaultSide.VENDOR, "The seller"),
        ("It is my mistake, I ordered the wrong size.", TicketSays(vendor="Soft Sofa"), FaultSide.CUSTOMER, "mistake"),
        ("I was charged twice.", TicketSays(vendor="Soft Sofa"), FaultSide.PLATFORM, "charged twice"),
        ("My sofa has not arrived. Your website said Monday.", None, FaultSide.PLATFORM, "Your website"),
        ("My sofa has not arrived.", None, FaultSide.UNKNOWN, ""),
        ("Thank you!", TicketSays(vendor="Soft Sofa"), FaultSide.UNKNOWN, ""),
    ],
)
def test_whose_fault_it_was(words: str, says: TicketSays | None, side: FaultSide, said: str) -> None:
    fault = concluded(words, lens=Lens(load_taxonomy(), VENDORS), says=says).fault

    assert fault.side is side
    assert said in (fault.evidence[0].said if fault.evidence else "")


def test_a_correction_is_certain_and_carries_its_fault() -> None:
    found = corrected("billing", load_taxonomy())

    assert (found.cause, found.confidence, found.evidence[0].said) == (Cause.BILLING, 1.0, "named by a person")
    assert find_fault(Gathered(), load_taxonomy(), found, None).side is FaultSide.PLATFORM


def test_a_class_that_is_gone_is_nobodys_fault() -> None:
    gone = CauseFound(cause=Cause.UNKNOWN, name="gone", confidence=1.0)

    assert find_fault(Gathered(), load_taxonomy(), gone, None).side is FaultSide.UNKNOWN


def test_what_was_gathered_goes_through_json_and_its_quotes_apart() -> None:
    gathered = heard("My parcel has not arrived.", "I go to a competitor.")

    document = json.loads(json.dumps(gathered.to_json()))

    assert "parcel" not in json.dumps(document)
    assert Gathered.from_json(document, gathered.quotes) == gathered
    assert Gathered.from_json(document) == gathered.without_words()


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 7"):
        Gathered.from_json({"format": 7})


@given(st.lists(st.text(max_size=60), max_size=5))
def test_any_words_give_a_conclusion(messages: list[str]) -> None:
    found = concluded(*messages)

    assert 0 <= found.cause.confidence <= 1
    assert (found.cause.cause is Cause.UNKNOWN) == (found.cause.confidence == 0)


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    first, second = features(one), features(other)

    assert 0 <= likeness(first, second) <= 1 + 1e-12
    assert likeness(first, second) == likeness(second, first)
