"""A sent form as a document, rows that grow and shrink, and the controls that are drawn for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocols.actions.registry import ACTIONS
from app.protocols.document import plain_document, read_document
from app.protocols.facts import FACTS
from app.protocols.packs import load_pack
from app.web.protocols import form
from app.web.protocols.choices import DeskChoices, Option
from app.web.protocols.widgets import Drawer, Group, Input, Rows, Said, id_of, locate
from tests import seeds


def read(**fields: str | list[str]) -> dict[str, Any]:
    """A form's fields by their paths, with `__` for what a Python name cannot hold."""
    sent = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return form.read_form(sent.items())


def controls(part: Any) -> list[Input]:
    """Every control within a part of the form."""
    if isinstance(part, Input):
        return [part]
    inner = part.rows if isinstance(part, Rows) else (*part.parts, *([part.more] if part.more else []))
    return [one for each in inner for one in controls(each)]


def drawn(document: dict[str, Any], desk: DeskChoices | None = None) -> dict[str, Input]:
    """Every control that a document's form has, by path."""
    sheet = Drawer(document=document, desk=desk or DeskChoices()).sheet()
    parts = (*sheet.basics, sheet.all, sheet.any, sheet.actions, *sheet.sections)
    return {one.path: one for part in parts for one in controls(part)}


def sent_back(document: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What a browser would send of the form that is drawn for a document."""
    sent: list[tuple[str, list[str]]] = []
    for path, one in drawn(document).items():
        if one.kind == "flag":
            sent += [(path, ["true"])] if one.value else []
        elif one.kind == "choices":
            sent += [(path, list(one.value))] if one.value else []
        else:
            value = one.value if one.value or one.kind != "choice" else one.options[0].value
            sent.append((path, [str(value)]))
    if document.get("follow_up", {}).get("resurvey"):
        sent.append(("follow_up.resurvey.wanted", ["yes"]))
    return sent


@pytest.mark.parametrize("pack", ["default", "retention"])
def test_every_shipped_protocol_comes_back_from_its_form_as_it_was(pack: str) -> None:
    for text in load_pack(pack):
        protocol = read_document(text)

        again = form.read_form(sent_back(plain_document(protocol)))

        assert read_document(again) == protocol


@pytest.mark.parametrize(
    ("given_", "value"),
    [("40", 40), ("40.5", 40.5), ("-3", -3), (" 7 ", 7), ("abc", "abc"), ("1e400", "1e400"), ("٣", 3), (".", ".")],
)
def test_numbers_are_numbers_and_anything_else_stays_what_was_typed(given_: str, value: Any) -> None:
    found = form.read_form(
        [
            ("criteria.all[0].field", ["score"]),
            ("criteria.all[0].operator", ["at_most"]),
            ("criteria.all[0].value", [given_]),
        ]
    )

    assert found["criteria"]["all"][0]["value"] == value


def test_several_words_come_from_ticked_boxes_or_from_lines() -> None:
    found = form.read_form(
        [
            ("criteria.all[0].field", ["cause"]),
            ("criteria.all[0].operator", ["one_of"]),
            ("criteria.all[0].value", ["billing", "platform"]),
            ("criteria.any[0].field", ["vendor"]),
            ("criteria.any[0].operator", ["one_of"]),
            ("criteria.any[0].value", ["Lamps, big ones\r\nChairs\r\n"]),
            ("tags", ["late, parcel"]),
        ]
    )

    assert found["criteria"]["all"][0]["value"] == ["billing", "platform"]
    assert found["criteria"]["any"][0]["value"] == ["Lamps, big ones", "Chairs"]
    assert found["tags"] == ["late", "parcel"]


@pytest.mark.parametrize(
    ("typed", "value"), [("5", 5), ("007", "007"), ("true", True), ("gold", "gold"), ("2.5", 2.5), ("0", 0)]
)
def test_a_ticket_fields_value_is_told_apart_as_in_yaml(typed: str, value: Any) -> None:
    found = form.read_form([("actions[0].do", ["field"]), ("actions[0].field", ["77"]), ("actions[0].value", [typed])])

    assert found["actions"][0] == {"do": "field", "field": "77", "value": value}


def test_what_is_left_empty_is_not_in_the_document() -> None:
    found = form.read_form([("name", [" "]), ("guardrails.max_cases", [""]), ("actions[0].do", ["priority"])])

    assert found == {"actions": [{"do": "priority"}]}


def test_names_that_are_no_paths_of_a_document_are_ignored() -> None:
    found = form.read_form(
        [("csrf", ["x"]), ("do", ["save"]), ("guardrails.__class__", ["x"]), ("name[0].x", ["y"]), ("a..b", ["z"])]
    )

    assert found == {}


def test_a_flood_of_rows_is_cut_off() -> None:
    found = form.read_form([(f"actions[{n}].do", ["note"]) for n in range(900)])

    assert len(found["actions"]) == form.MOST_ROWS


@given(st.dictionaries(st.text("abcdo.[]0129_ \x00", max_size=30), st.lists(st.text(max_size=8), max_size=2)))
def test_whatever_is_sent_becomes_some_document_and_a_form(sent: dict[str, list[str]]) -> None:
    document = form.read_form(sent.items())

    assert drawn(document)


def test_rows_are_added_moved_and_removed() -> None:
    document: dict[str, Any] = {"actions": [{"do": "note"}, {"do": "tag"}]}

    form.add_row(document, "actions")
    form.move_row(document, "actions", 1, -1)
    form.move_row(document, "actions", 0, -1)
    form.remove_row(document, "actions", 2)
    form.add_row(document, "guardrails.stop_when")

    assert document == {"actions": [{"do": "tag"}, {"do": "note"}], "guardrails": {"stop_when": [{}]}}


@pytest.mark.parametrize("path", ["name", "actions[0]", "", "actions[0].x[", "actions[9].then", "criteria"])
def test_rows_of_what_is_no_list_are_refused(path: str) -> None:
    document: dict[str, Any] = {"name": "x", "actions": [{"do": "note"}], "criteria": {"all": []}}

    with pytest.raises(ValueError, match=r".*"):
        form.add_row(document, path)


@pytest.mark.parametrize("number", [-1, 1, 99])
def test_a_row_that_is_not_there_cannot_be_removed_or_moved(number: int) -> None:
    with pytest.raises(ValueError, match="actions"):
        form.remove_row({"actions": [{}]}, "actions", number)
    with pytest.raises(ValueError, match="actions"):
        form.move_row({"actions": [{}]}, "actions", number, 1)


def test_another_fact_brings_a_comparison_that_it_takes() -> None:
    document = {"criteria": {"all": [{"field": "tags", "operator": "at_most", "value": 4}]}}

    form.mend(document)

    assert document["criteria"]["all"] == [{"field": "tags", "operator": "includes"}]


def test_a_word_that_another_fact_never_is_goes_away() -> None:
    document = {"criteria": {"any": [{"field": "cause", "operator": "is", "value": "poor_worsening"}]}}

    form.mend(document)

    assert document["criteria"]["any"] == [{"field": "cause", "operator": "is"}]


def test_every_fact_and_every_action_can_be_chosen() -> None:
    found = drawn({"criteria": {"all": [{}]}, "actions": [{}]})

    assert {one.value for one in found["criteria.all[0].field"].options} >= set(FACTS)
    assert {one.value for one in found["actions[0].do"].options} >= set(ACTIONS)


@pytest.mark.parametrize("do", sorted(ACTIONS))
def test_every_key_of_every_action_has_a_control(do: str) -> None:
    document = {"actions": [{"do": do}]}

    found = Drawer(document=document, desk=DeskChoices()).sheet().actions.rows[0]

    named = {one.path.rpartition(".")[2] for one in (*found.parts, *(found.more.parts if found.more else ()))}
    assert named >= {"do", "owner", "within_hours", "done_when", *ACTIONS[do].schema().fields}


def test_names_are_chosen_as_the_desk_names_them() -> None:
    desk = DeskChoices(by_noun={"groups": (Option(value="Recovery", label="Recovery", id="7"),)})

    chosen = drawn({"team": "7", "actions": [{"do": "assign", "group": "gone"}]}, desk)

    assert (chosen["team"].kind, chosen["team"].value) == ("choice", "Recovery")
    assert chosen["actions[0].group"].options[-1].label == "gone (not at the desk)"


def test_names_are_typed_where_the_desk_could_not_be_asked() -> None:
    assert drawn({"team": "Recovery"})["team"].kind == "text"


def test_tags_of_a_step_are_chosen_among_the_declared_ones() -> None:
    found = drawn({"tags": ["late"], "actions": [{"do": "tag", "add": ["late", "odd"]}]})["actions[0].add"]

    assert [(one.value, one.label) for one in found.options] == [("late", "late"), ("odd", "odd (not declared)")]


def test_what_is_said_finds_the_nearest_control_and_names_it() -> None:
    drawer = Drawer(document={"actions": [{"do": "note"}], "criteria": {"any": [{}]}}, desk=DeskChoices())
    drawer.sheet()
    said = [
        Said(severity="error", path=path, message="")
        for path in ("actions[0].text", "criteria.any[0].value", "tags[3]", "name", "nowhere.at.all", "")
    ]

    found = locate(said, drawer.drawn)

    assert [one.place for one in found] == [
        "Step 1, Text",
        "Any, condition 1, Value",
        "Tags of its own",
        "Name",
        "",
        "",
    ]
    assert found[0].anchor == id_of("actions[0].text") == "f-actions-0-text"


def test_a_folded_part_is_a_group_of_its_own() -> None:
    sections = Drawer(document={}, desk=DeskChoices()).sheet().sections

    named = {section.path: section for section in sections}
    assert {"guardrails", "targets", "follow_up"} <= set(named)
    resurvey = next(part for part in named["follow_up"].parts if part.path == "follow_up.resurvey")
    assert isinstance(resurvey, Group)
    assert (resurvey.optional, resurvey.wanted) == (True, False)


def test_the_seeded_document_has_no_odd_choice() -> None:
    found = drawn(plain_document(read_document(seeds.DOCUMENT)))

    assert [one.path for one in found.values() for option in one.options if "not a choice" in option.label] == []
