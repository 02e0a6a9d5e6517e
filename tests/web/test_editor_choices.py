"""What the editor offers by name: as the desk has it, kept for a minute, and typed where it does not answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.web.protocols import choices
from app.web.protocols.choices import DeskChoices, Kept, Option
from tasks.parts import Parts
from tests.seeds import Seeded
from tests.web.people import SignedIn


def test_a_desk_that_does_not_answer_leaves_names_to_be_typed(joined: Parts, story: Seeded) -> None:
    found = choices.read_choices(joined, story.desk_id)

    assert found.problem
    assert found.names is None
    assert found.named("team") == ()


def test_the_page_says_that_the_desk_was_not_asked(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/protocols/new").text

    assert "The helpdesk could not be asked, so groups, macros and agents are typed here" in page
    assert '<input type="text" value="" autocomplete="off" id="f-team"' in page


def test_answers_are_kept_for_a_minute(joined: Parts, story: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter([DeskChoices(problem="first"), DeskChoices(problem="second")])
    monkeypatch.setattr(choices, "read_choices", lambda _parts, _desk: next(asked))
    now = [0.0]
    kept = Kept(now=lambda: now[0])

    told = []
    for at in (0.0, 59.0, 61.0):
        now[0] = at
        told.append(kept.of(joined, story.desk_id).problem)

    assert told == ["first", "first", "second"]


def test_a_name_that_several_have_is_told_by_its_id() -> None:
    found = choices._options([("1", "Care"), ("2", "care"), ("3", "Alpha")])

    assert [(one.value, one.label) for one in found] == [
        ("Alpha", "Alpha"),
        ("1", "Care (no. 1)"),
        ("2", "care (no. 2)"),
    ]


def test_what_is_typed_has_suggestions_and_what_is_chosen_has_none() -> None:
    tag = Option(value="late", label="late")
    desk = replace(DeskChoices(), by_noun={"tags": (tag,), "groups": (tag,)})

    assert desk.suggested("tags") == (tag,)
    assert desk.named("tags") == ()
    assert desk.suggested("team") == ()
    assert desk.named("nothing of the kind") == ()
