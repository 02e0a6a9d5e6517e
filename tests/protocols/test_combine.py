"""Several writes of one run as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.protocols.actions.combine import combine
from connectors.ticket import Comment, Priority, TicketStatus, Write


def note(text: str, **changes) -> Write:
    return Write(comment=Comment(text=text), **changes)


def public(text: str, **changes) -> Write:
    return Write(comment=Comment(text=text, public=True), **changes)


def tags(add: str = "", remove: str = "", **changes) -> Write:
    return Write(add_tags=frozenset(add.split()), remove_tags=frozenset(remove.split()), **changes)


def test_nothing_to_change_is_no_write():
    assert combine([]) == ()
    assert combine([Write(), Write(markers=("s1",))]) == ()


def test_changes_of_all_steps_become_one_write():
    steps = [
        tags("a", markers=("s1",)),
        tags("b", "c", custom_fields={"x": 1}, markers=("s2",)),
        note("Look", markers=("s3",)),
        Write(priority=Priority.HIGH, status=TicketStatus.OPEN, custom_fields={"x": 2, "y": 3}, markers=("s2",)),
    ]

    assert combine(steps) == (
        Write(
            add_tags=frozenset({"a", "b"}),
            remove_tags=frozenset({"c"}),
            priority=Priority.HIGH,
            status=TicketStatus.OPEN,
            custom_fields={"x": 2, "y": 3},
            comment=Comment(text="Look"),
            markers=("s1", "s2", "s3"),
        ),
    )


def test_the_last_word_on_a_tag_wins():
    (combined,) = combine([tags("a b", "c"), tags("c", "a")])

    assert (combined.add_tags, combined.remove_tags) == (frozenset({"b", "c"}), frozenset({"a"}))


def test_the_last_assignment_wins_whole():
    (combined,) = combine([Write(group_id="1", assignee_id="11"), Write(group_id="2")])

    assert (combined.group_id, combined.assignee_id) == ("2", None)


def test_an_assignee_alone_stays_in_the_group_before():
    (combined,) = combine([Write(group_id="1"), Write(assignee_id="11")])

    assert (combined.group_id, combined.assignee_id) == ("1", "11")


def test_notes_are_joined_in_step_order():
    (combined,) = combine([note("First"), note("Second")])

    assert combined.comment == Comment(text="First\n\nSecond", public=False)


def test_a_public_comment_alone_is_one_write_with_everything():
    (combined,) = combine([tags("a", markers=("s1",)), public("Sorry", markers=("s2",))])

    assert combined == Write(
        add_tags=frozenset({"a"}), comment=Comment(text="Sorry", public=True), markers=("s1", "s2")
    )


def test_public_and_private_words_are_never_mixed():
    steps = [public("Sorry", add_tags=frozenset({"a"}), markers=("s1",)), note("Watch this", markers=("s2",))]

    first, second = combine(steps)

    assert first == Write(add_tags=frozenset({"a"}), comment=Comment(text="Watch this"), markers=("s2",))
    assert second == Write(comment=Comment(text="Sorry", public=True), markers=("s1",))


SMALL = st.frozensets(st.sampled_from("abcd"), max_size=2)
STEPS = st.lists(
    st.builds(
        Write,
        add_tags=SMALL,
        remove_tags=SMALL,
        group_id=st.none() | st.sampled_from("12"),
        assignee_id=st.none() | st.sampled_from("78"),
        priority=st.none() | st.sampled_from(Priority),
        custom_fields=st.dictionaries(st.sampled_from("xy"), st.integers(0, 3), max_size=2),
        comment=st.none() | st.builds(Comment, text=st.sampled_from(["one", "two"]), public=st.just(False)),
    ),
    max_size=5,
)


def _applied(writes, tags=frozenset("ab")):
    """What a ticket has after the writes, one after another."""
    fields = {"group": None, "assignee": None, "priority": None}
    custom: dict[str, object] = {}
    said = []
    for write in writes:
        tags = (tags - write.remove_tags) | write.add_tags
        if write.group_id:
            fields |= {"group": write.group_id, "assignee": write.assignee_id}
        elif write.assignee_id:
            fields["assignee"] = write.assignee_id
        fields["priority"] = write.priority or fields["priority"]
        custom |= write.custom_fields
        said += [write.comment.text] if write.comment else []
    return tags, fields, custom, "\n\n".join(said)


@given(STEPS)
def test_one_write_does_what_the_steps_do_one_after_another(steps):
    assert _applied(combine(steps)) == _applied(steps)


@given(STEPS, STEPS)
def test_combining_in_two_goes_is_combining_at_once(first, second):
    assert combine([*combine(first), *combine(second)]) == combine([*first, *second])


def test_what_is_taken_away_stays_away_unless_a_step_gives_it():
    nobody = Write(clear=frozenset({"group_id", "assignee_id", "priority"}), markers=("s1",))

    assert combine([nobody])[0].clear == {"group_id", "assignee_id", "priority"}
    assert combine([nobody, Write(group_id="2", markers=("s2",))])[0].clear == {"assignee_id", "priority"}
