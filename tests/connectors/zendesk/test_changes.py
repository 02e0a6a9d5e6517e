"""The body of one update, what a macro becomes, and what the vendor's one-second stamps can hide."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import Conflict, Refused
from connectors.ticket import Comment, Priority, TicketStatus, Write
from connectors.zendesk import changes
from tests.connectors.zendesk.bodies import make_ticket


def delta(*actions: tuple[str, Any], effect: dict[str, Any] | None = None) -> Write:
    listed = [{"field": name, "value": value} for name, value in actions]
    changes.require_expressible("Make good", listed)
    return changes.macro_delta("Make good", listed, effect or {}, make_ticket())


class TestUpdate:
    def test_only_what_differs_is_sent(self) -> None:
        same = Write(
            add_tags=frozenset({"vip"}),
            remove_tags=frozenset({"absent"}),
            group_id="701",
            status=TicketStatus.OPEN,
            custom_fields={},
        )

        assert changes.changed_fields(make_ticket(), same) == {}

    def test_tags_are_sent_as_the_whole_new_set(self) -> None:
        write = Write(add_tags=frozenset({"sat_poor"}), remove_tags=frozenset({"lamp"}))

        assert changes.changed_fields(make_ticket(), write) == {"tags": ["sat_poor", "vip"]}

    def test_a_comment_is_private_unless_it_says_otherwise(self) -> None:
        write = Write(comment=Comment(text="Hm."))

        assert changes.changed_fields(make_ticket(), write) == {"comment": {"body": "Hm.", "public": False}}

    def test_ids_are_sent_as_numbers(self) -> None:
        write = Write(group_id="9007199254740993", assignee_id="5", custom_fields={"6": "x"})

        assert changes.changed_fields(make_ticket(), write) == {
            "group_id": 9007199254740993,
            "assignee_id": 5,
            "custom_fields": [{"id": 6, "value": "x"}],
        }

    def test_markers_are_one_text(self) -> None:
        assert changes.metadata(["a", "b"]) == {"kintsugi": "a b"}
        assert changes.metadata([]) == {"kintsugi": "-"}

    @pytest.mark.parametrize("marker", ["", " ", "a b", "a\n"])
    def test_a_marker_that_could_not_be_found_again_is_refused(self, marker: str) -> None:
        with pytest.raises(Refused, match="markers"):
            changes.metadata([marker])


class TestMacros:
    def test_plain_actions_become_plain_changes(self) -> None:
        write = delta(
            ("status", "pending"),
            ("priority", "high"),
            ("group_id", "12"),
            ("assignee_id", 13),
            ("current_tags", "sorry called"),
            ("remove_tags", "lamp"),
            ("custom_fields_901", "B-2"),
        )

        assert write == Write(
            status=TicketStatus.PENDING,
            priority=Priority.HIGH,
            group_id="12",
            assignee_id="13",
            add_tags=frozenset({"sorry", "called"}),
            remove_tags=frozenset({"lamp"}),
            custom_fields={"901": "B-2"},
        )

    def test_setting_tags_takes_the_others_away(self) -> None:
        write = delta(("set_tags", "vip new"))

        assert (write.add_tags, write.remove_tags) == (frozenset({"new"}), frozenset({"lamp"}))

    @pytest.mark.parametrize(
        ("actions", "effect", "comment"),
        [
            ([("comment_value", "Sorry.")], {}, Comment(text="Sorry.", public=True)),
            ([("comment_value", ["channel:all", "Sorry."])], {}, Comment(text="Sorry.", public=True)),
            (
                [("comment_value", "Dear {{x}}")],
                {"comment": {"body": "Dear you"}},
                Comment(text="Dear you", public=True),
            ),
            ([("comment_value", "x")], {"comment": {"body": "x", "public": False}}, Comment(text="x")),
            ([("comment_mode_is_public", "false"), ("comment_value", "x")], {}, Comment(text="x")),
            ([("comment_value", "x"), ("comment_mode_is_public", False)], {}, Comment(text="x")),
            ([("comment_mode_is_public", True), ("comment_value", "x")], {}, Comment(text="x", public=True)),
            (
                [("comment_mode_is_public", "false"), ("comment_value", "x")],
                {"comment": {"body": "x", "public": True}},
                Comment(text="x"),
            ),
            ([("comment_value_html", "<p>a &amp; b</p><p>c<br>d</p>")], {}, Comment(text="a & b\nc\nd", public=True)),
            ([("comment_value_html", "")], {"comment": {"html_body": "<b>hi</b>"}}, Comment(text="hi", public=True)),
            ([("comment_value", " ")], {}, None),
            ([("comment_mode_is_public", "true")], {}, None),
        ],
    )
    def test_its_words_come_with_who_may_read_them(
        self, actions: list[tuple[str, Any]], effect: dict[str, Any], comment: Comment | None
    ) -> None:
        assert delta(*actions, effect=effect).comment == comment

    def test_the_current_user_is_whom_the_vendor_says(self) -> None:
        write = delta(("assignee_id", "current_user"), effect={"assignee_id": 77, "group_id": 5})

        assert (write.assignee_id, write.group_id) == ("77", None)

    @pytest.mark.parametrize(
        "action",
        [
            ("side_conversation", ["s", "b", "to@example.com"]),
            ("side_conversation_ticket", "x"),
            ("subject", "New subject"),
            ("custom_status_id", "7"),
            ("brand_id", "7"),
            ("", "x"),
        ],
    )
    def test_an_action_that_cannot_be_performed_is_refused_by_name(self, action: tuple[str, Any]) -> None:
        with pytest.raises(Refused, match=r"'Make good': .*(side conversation|cannot be performed)"):
            delta(("status", "open"), action)

    @pytest.mark.parametrize(
        "action",
        [
            ("status", "tomorrow"),
            ("priority", ""),
            ("assignee_id", "current_user"),
            ("group_id", ""),
            ("custom_fields_x", "1"),
            ("custom_fields_901", ["a"]),
        ],
    )
    def test_a_value_that_makes_no_sense_is_refused(self, action: tuple[str, Any]) -> None:
        with pytest.raises(Refused, match=f"{action[0]}.*value"):
            delta(action)

    @pytest.mark.parametrize(
        ("action", "needed"),
        [
            ({"field": "comment_value", "value": "x"}, True),
            ({"field": "assignee_id", "value": "current_user"}, True),
            ({"field": "assignee_id", "value": "5"}, False),
            ({"field": "status", "value": "open"}, False),
        ],
    )
    def test_the_vendor_is_asked_only_for_what_it_alone_knows(self, action: dict[str, Any], needed: bool) -> None:
        assert changes.needs_effect([action]) is needed


class TestSameSecond:
    @pytest.mark.parametrize(
        ("replaced", "missing", "extra"),
        [
            (["lamp", "vip"], set(), set()),
            (["agents", "lamp", "vip"], {"agents"}, set()),
            (["vip"], set(), {"lamp"}),
            (["agents"], {"agents"}, {"lamp"}),
            (["lamp", "vip", "old"], set(), set()),
        ],
    )
    def test_tags_of_an_unseen_edit_are_told_by_the_audit(
        self, replaced: list[str], missing: set[str], extra: set[str]
    ) -> None:
        write = Write(add_tags=frozenset({"new", "vip"}), remove_tags=frozenset({"old"}))
        audit = {"events": [{"field_name": "status"}, {"field_name": "tags", "previous_value": replaced}]}

        assert changes.lost_tags(audit, make_ticket(), write) == (frozenset(missing), frozenset(extra))

    @pytest.mark.parametrize("audit", [{}, {"events": None}, {"events": [{"field_name": "tags", "value": ["a"]}]}])
    def test_an_audit_that_tells_nothing_mends_nothing(self, audit: dict[str, Any]) -> None:
        assert changes.lost_tags(audit, make_ticket(), Write()) == (frozenset(), frozenset())

    def test_a_ticket_that_looks_the_same_may_be_written(self) -> None:
        changes.require_unchanged(make_ticket(), make_ticket(messages=(), subject="Another"))

    def test_a_ticket_that_looks_different_is_a_conflict_that_says_where(self) -> None:
        with pytest.raises(Conflict, match=r"ticket 35: .*assignee_id, tags"):
            changes.require_unchanged(make_ticket(), make_ticket(assignee_id="5", tags=frozenset()))
