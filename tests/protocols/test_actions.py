"""Every action: how it describes itself, what it plans, when it holds, what takes it back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.protocols.actions.base import Alert, AlertKind, Lookup, Need, SurveyPlan
from app.protocols.actions.registry import ACTIONS, kind_of
from app.protocols.errors import CannotPlan
from app.protocols.protocol import Action, Channel
from connectors.ticket import Comment, Group, Macro, Person, Priority, TicketStatus, Write
from tests.protocols.make import NOW, RECOVERY, SUPPORT, params, planning, summary, ticket

ANA, BEN, CAT = (Person(id=key, name=f"Agent {key}", is_staff=True) for key in ("9", "31", "200"))


def plan(do, given, **changes):
    return ACTIONS[do].plan(params(do, given), planning(**changes))


def holds(do, given, after, **changes):
    return ACTIONS[do].holds(params(do, given), planning(**changes), after)


@pytest.mark.parametrize(
    ("do", "given", "line"),
    [
        ("tag", {"add": "a"}, "Add the tag a"),
        ("tag", {"remove": ["a", "b"]}, "Remove the tags a, b"),
        ("tag", {"add": "a", "remove": "b"}, "Add the tag a and remove the tag b"),
        ("note", {"text": "Call them.\nToday."}, 'Add a private note: "Call them."'),
        ("note", {"text": "x" * 70}, f'Add a private note: "{"x" * 59}…"'),
        ("assign", {}, "Assign to the protocol's team"),
        ("assign", {"group": "Recovery"}, "Assign to group Recovery"),
        ("assign", {"group": "Recovery", "to": "least_loaded"}, "Assign to the least loaded member of group Recovery"),
        ("macro", {"macro": "Sorry"}, 'Apply the macro "Sorry"'),
        ("priority", {"to": "high"}, "Raise the priority to high"),
        ("priority", {"to": "low", "may_lower": True}, "Set the priority to low"),
        ("alert", {"email": "lead"}, "Alert the team's leads by e-mail"),
        ("alert", {"email": "a@example.com"}, "Alert a@example.com by e-mail"),
        ("alert", {"webhook": "pager"}, "Call the webhook pager"),
        ("alert", {"webhook": "https://example.com/very/secret"}, "Call the webhook example.com"),
        ("resurvey", {}, "Ask the customer again, 24 hours after the resolution"),
        (
            "resurvey",
            {"after_hours": 1.5, "channel": "email"},
            "Ask the customer again by e-mail, 1.5 hours after the resolution",
        ),
    ],
)
def test_an_action_describes_itself(do, given, line):
    assert ACTIONS[do].describe(params(do, given)) == line


def test_the_registry_knows_every_action_by_its_name():
    assert all(kind.name == name and kind.label for name, kind in ACTIONS.items())
    assert kind_of(Action(do="tag", params=None)) is ACTIONS["tag"]


class TestTag:
    def test_plans_only_what_changes(self):
        given = {"add": ["new", "there"], "remove": ["gone", "old"]}

        write = plan("tag", given, ticket=ticket(tags=frozenset({"there", "old"})))

        assert write == Write(add_tags=frozenset({"new"}), remove_tags=frozenset({"old"}))

    @pytest.mark.capability("PRO-02")
    def test_adding_twice_is_a_no_op(self):
        given = {"add": ["late"], "remove": ["soon"]}
        first = plan("tag", given, ticket=ticket(tags=frozenset({"soon"})))

        again = plan("tag", given, ticket=ticket(tags=frozenset({"late"})))

        assert not first.empty
        assert again.empty

    def test_holds_once_the_tags_are_there(self):
        assert holds("tag", {"add": "late"}, ticket(tags=frozenset({"late", "other"})))
        assert not holds("tag", {"add": "late"}, ticket())

    def test_needs_no_lookup(self):
        assert ACTIONS["tag"].needs(params("tag", {"add": "late"}), None) == ()


class TestNote:
    def test_is_private_and_filled_in(self):
        write = plan("note", {"text": "{{ customer }}: {{ score }} ({{ state }})\n{{ reasons }}"})

        text = "Ann Example: 23 (poor and worsening)\n- third time I write\n- waited 40 h"
        assert write == Write(comment=Comment(text=text, public=False))

    def test_is_refused_when_a_value_is_missing_without_a_fallback(self):
        with pytest.raises(CannotPlan, match='needs "stars"'):
            plan("note", {"text": "Rated {{ stars }}"})

    def test_falls_back_where_it_says_how(self):
        write = plan("note", {"text": "Rated {{ stars | not yet }}, score {{ score | open }}"},
                     case=summary(score=None, state=None))  # fmt: skip

        assert write.comment == Comment(text="Rated not yet, score open")


MEMBERS = {"members": {RECOVERY.id: (ANA, BEN, CAT)}}


class TestAssign:
    def test_gives_the_ticket_to_the_group_by_name_id_or_team(self):
        writes = [plan("assign", given) for given in ({"group": " recovery"}, {"group": "20"}, {})]

        assert writes == [Write(group_id="20")] * 3

    def test_changes_nothing_when_the_group_has_it(self):
        assert plan("assign", {}, ticket=ticket(group_id=RECOVERY.id)).empty

    @pytest.mark.parametrize(
        ("loads", "chosen"),
        [
            ({"9": 3, "31": 1, "200": 2}, "31"),
            ({"9": 1, "31": 1, "200": 1}, "9"),
            ({"9": 1, "31": 4}, "200"),
            ({}, "9"),
        ],
    )
    def test_chooses_the_least_loaded_member_then_the_lowest_id(self, loads, chosen):
        write = plan("assign", {"to": "least_loaded"}, loads=loads, **MEMBERS)

        assert write == Write(group_id="20", assignee_id=chosen)

    def test_keeps_a_member_who_has_the_ticket_already(self):
        held = ticket(group_id=RECOVERY.id, assignee_id=BEN.id)

        assert plan("assign", {"to": "least_loaded"}, ticket=held, loads={"31": 99}, **MEMBERS).empty

    def test_suspended_members_get_nothing(self):
        members = {RECOVERY.id: (Person(id="1", suspended=True), CAT)}

        assert plan("assign", {"to": "least_loaded"}, members=members).assignee_id == CAT.id

    @pytest.mark.parametrize(
        ("given", "changes", "reason"),
        [
            ({"group": "Nobody"}, {}, 'the desk has no group "Nobody"'),
            ({}, {"team": None}, "neither the action names a group nor the protocol a team"),
            ({"to": "least_loaded"}, {}, 'the group "Recovery" has no member who could take it'),
            (
                {"group": "Twins"},
                {"groups": (Group(id="1", name="Twins"), Group(id="2", name="twins"))},
                'the desk has 2 groups called "Twins"; use the id instead',
            ),
        ],
    )
    def test_says_why_it_cannot(self, given, changes, reason):
        with pytest.raises(CannotPlan) as caught:
            plan("assign", given, **changes)

        assert str(caught.value) == reason

    def test_an_id_wins_over_a_name(self):
        groups = (Group(id="1", name="2"), Group(id="2", name="Two"))

        assert plan("assign", {"group": "2"}, groups=groups) == Write(group_id="2")

    def test_names_what_has_to_be_looked_up(self):
        kind = ACTIONS["assign"]

        assert kind.needs(params("assign", {}), "Recovery") == (Lookup(need=Need.GROUPS, name="Recovery"),)
        assert kind.needs(params("assign", {"group": "A", "to": "least_loaded"}), None) == (
            Lookup(need=Need.MEMBERS, name="A"),
        )

    def test_holds_only_in_the_group_with_the_member(self):
        given = {"to": "least_loaded"}

        assert holds("assign", given, ticket(group_id="20", assignee_id="9"), **MEMBERS)
        assert not holds("assign", given, ticket(group_id="20", assignee_id=None), **MEMBERS)


DESK = {"macros": (Macro(id="5", title="Sorry"),)}


class TestMacro:
    def test_is_the_desks_own_delta(self):
        delta = Write(add_tags=frozenset({"sorry"}), comment=Comment(text="We are sorry.", public=True))

        assert plan("macro", {"macro": "sorry"}, macro_writes={"5": delta}, **DESK) == delta

    def test_says_why_it_cannot(self):
        with pytest.raises(CannotPlan, match='no macro "Thanks"'):
            plan("macro", {"macro": "Thanks"}, **DESK)
        with pytest.raises(CannotPlan, match="would change is not known"):
            plan("macro", {"macro": "5"}, **DESK)

    def test_names_what_has_to_be_looked_up(self):
        assert ACTIONS["macro"].needs(params("macro", {"macro": "Sorry"}), None) == (
            Lookup(need=Need.MACRO, name="Sorry"),
        )


class TestPriority:
    @pytest.mark.parametrize(
        ("now", "to", "may_lower", "expected"),
        [
            (Priority.NORMAL, "high", False, Priority.HIGH),
            (None, "high", False, Priority.HIGH),
            (Priority.HIGH, "high", False, None),
            (Priority.URGENT, "high", False, None),
            (Priority.URGENT, "low", True, Priority.LOW),
        ],
    )
    def test_is_raised_and_lowered_only_where_allowed(self, now, to, may_lower, expected):
        given = {"to": to, "may_lower": may_lower}

        assert plan("priority", given, ticket=ticket(priority=now)) == Write(priority=expected)

    def test_holds_at_or_above(self):
        assert holds("priority", {"to": "high"}, ticket(priority=Priority.URGENT))
        assert not holds("priority", {"to": "high"}, ticket(priority=Priority.LOW))


class TestAlert:
    def test_is_a_message_with_facts_but_no_words_of_the_customer(self):
        alert = plan("alert", {"email": "lead"})

        assert isinstance(alert, Alert)
        assert (alert.kind, alert.target) == (AlertKind.EMAIL, "lead")
        assert alert.subject == "Ticket 7 needs recovery"
        assert "score 23" in alert.text
        assert alert.payload == {
            "event": "recovery_case_opened",
            "ticket_id": "7",
            "protocol": "Example",
            "score": 23,
            "state": "poor_worsening",
            "cause": "unknown",
            "case_url": "http://127.0.0.1/cases/1",
            "at": NOW.isoformat(),
        }

    def test_a_subject_is_one_line(self):
        alert = plan("alert", {"webhook": "https://example.com/a", "subject": "Why: {{ reasons }}"})

        assert alert.kind is AlertKind.WEBHOOK
        assert alert.subject == "Why: - third time I write - waited 40 h"

    def test_a_state_that_is_not_known_is_none(self):
        assert plan("alert", {"webhook": "pager"}, case=summary(state=None)).payload["state"] is None

    def test_holds_without_a_look_at_the_ticket(self):
        assert holds("alert", {"email": "lead"}, ticket())


def test_resurvey_plans_a_survey():
    survey = plan("resurvey", {"after_hours": 2, "channel": "comment", "good_from": 0.8})

    assert survey == SurveyPlan(after=timedelta(hours=2), channel=Channel.COMMENT, good_from=0.8)


class TestHolds:
    def test_every_field_of_a_macro_is_compared_but_its_words(self):
        delta = Write(
            status=TicketStatus.PENDING,
            custom_fields={"f1": "x"},
            remove_tags=frozenset({"old"}),
            comment=Comment(text="Hello", public=True),
        )
        desk = DESK | {"macro_writes": {"5": delta}}
        done = {"status": TicketStatus.PENDING, "custom_fields": {"f1": "x"}}

        assert holds("macro", {"macro": "5"}, ticket(**done), **desk)
        assert not holds("macro", {"macro": "5"}, ticket(**done, tags=frozenset({"old"})), **desk)
        assert not holds("macro", {"macro": "5"}, ticket(**done | {"custom_fields": {"f1": "y"}}), **desk)
        assert not holds("macro", {"macro": "5"}, ticket(custom_fields={"f1": "x"}), **desk)


def undo(done, before, current):
    return ACTIONS["macro"].inverse(done, before=ticket(**before), current=ticket(**current))


BEFORE = {"tags": frozenset({"old", "kept"}), "custom_fields": {"a": 1, "b": 2}, "status": TicketStatus.OPEN}
DONE = Write(
    add_tags=frozenset({"new", "kept"}),
    remove_tags=frozenset({"old"}),
    group_id=RECOVERY.id,
    assignee_id="9",
    priority=Priority.HIGH,
    status=TicketStatus.PENDING,
    custom_fields={"a": 5, "b": 2, "c": 7},
)
AFTER = {
    "tags": frozenset({"new", "kept"}),
    "custom_fields": {"a": 5, "b": 2, "c": 7},
    "status": TicketStatus.PENDING,
    "priority": Priority.HIGH,
    "group_id": RECOVERY.id,
    "assignee_id": "9",
}


class TestInverse:
    def test_restores_what_nobody_has_touched(self):
        assert undo(DONE, BEFORE, AFTER) == Write(
            add_tags=frozenset({"old"}),
            remove_tags=frozenset({"new"}),
            group_id=SUPPORT.id,
            assignee_id="31",
            priority=Priority.NORMAL,
            status=TicketStatus.OPEN,
            custom_fields={"a": 1, "c": None},
        )

    def test_leaves_what_somebody_has_changed_since(self):
        theirs = {"tags": frozenset({"kept", "old"}), "priority": Priority.LOW, "status": TicketStatus.SOLVED}
        fields = {"assignee_id": "77", "custom_fields": {"a": 6, "b": 2, "c": 8}}

        assert undo(DONE, BEFORE, AFTER | theirs | fields) is None

    def test_a_colleague_who_took_the_ticket_from_the_group_keeps_it(self):
        moved = Write(group_id=RECOVERY.id)

        assert undo(moved, {}, {"group_id": RECOVERY.id, "assignee_id": "77"}) is None
        assert undo(moved, {}, {"group_id": RECOVERY.id, "assignee_id": None}) == Write(
            group_id=SUPPORT.id, assignee_id="31"
        )

    def test_a_ticket_that_moved_on_stays_there(self):
        assert undo(Write(group_id=RECOVERY.id), {}, {"group_id": "40"}) is None

    def test_an_assignee_alone_goes_back_without_a_group(self):
        assert undo(Write(assignee_id="9"), {}, {"assignee_id": "9"}) == Write(assignee_id="31")

    def test_words_cannot_be_taken_back(self):
        assert undo(Write(comment=Comment(text="Hello")), {}, {}) is None
