"""The tag dictionary: exactly one state tag, one case tag, nobody else's tags touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocols.tags import (
    TagDictionary,
    closed_write,
    is_tag,
    lost_write,
    opened_write,
    recovered_write,
    state_write,
)
from app.words import SatState
from connectors.ticket import Write

OURS = TagDictionary()


def after(tags: frozenset[str], write: Write) -> frozenset[str]:
    return (tags - write.remove_tags) | write.add_tags


def test_the_dictionary_is_small_and_known():
    assert OURS.all == {
        "sat_good_improving",
        "sat_good_worsening",
        "sat_poor_improving",
        "sat_poor_worsening",
        "recovery_open",
        "recovery_recovered",
        "recovery_lost",
    }


def test_prefixes_are_the_desks_choice():
    desk = TagDictionary(state_prefix="k:", case_prefix="won-back-")

    assert desk.state(SatState.GOOD_IMPROVING) == "k:good_improving"
    assert desk.open == "won-back-open"


@pytest.mark.parametrize("prefix", ["Sat_", "two words", "a,b", "x" * 80])
def test_prefixes_that_make_no_tags_are_refused(prefix):
    with pytest.raises(ValueError, match="give no valid tags"):
        TagDictionary(state_prefix=prefix)


@pytest.mark.parametrize(
    ("tag", "right"), [("a", True), ("a-b_c/d.e:f", True), ("", False), ("A", False), ("a b", False)]
)
def test_what_every_helpdesk_takes_as_a_tag(tag, right):
    assert is_tag(tag) is right


TAGS = st.frozensets(st.sampled_from(sorted(OURS.all)) | st.text("abc", min_size=1, max_size=3))


@pytest.mark.capability("PRO-02")
@given(TAGS, st.sampled_from(SatState))
def test_one_state_tag_is_left_and_writing_it_again_is_a_no_op(tags, state):
    tagged = after(tags, state_write(tags, state, OURS))

    assert tagged & OURS.states == {OURS.state(state)}
    assert tagged - OURS.states == tags - OURS.states
    assert state_write(tagged, state, OURS).empty


@pytest.mark.parametrize(
    ("write", "left"),
    [
        (opened_write, {"recovery_open"}),
        (recovered_write, {"recovery_recovered"}),
        (lost_write, {"recovery_lost"}),
        (closed_write, set()),
    ],
)
@given(tags=TAGS)
def test_a_case_has_one_tag_or_none(write, left, tags):
    tagged = after(tags, write(tags, OURS))

    assert tagged & OURS.cases == left
    assert tagged - OURS.cases == tags - OURS.cases
    assert write(tagged, OURS).empty
