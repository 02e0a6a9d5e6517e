"""Texts with placeholders: filled in once, never a leftover, no code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocols.actions.wording import values
from app.protocols.errors import CannotPlan
from app.protocols.template import MAX_TEXT, PLACEHOLDERS, Placeholder, placeholders, render
from tests.protocols.make import planning


def test_placeholders_are_found_with_their_fallbacks():
    assert placeholders("{{customer | dear customer}} {{ score }} {{ cause | }}") == (
        Placeholder(name="customer", fallback="dear customer"),
        Placeholder(name="score", fallback=None),
        Placeholder(name="cause", fallback=None),
    )


@pytest.mark.parametrize("text", ["{{", "}}", "a {{ b", "{% raw %}", "{{ score() }}", "{{}}", "{{ a\n}}"])
def test_anything_like_code_is_refused(text):
    with pytest.raises(ValueError, match="must not"):
        placeholders(text)


def test_a_single_brace_is_just_a_brace():
    assert render("{a} {{ score }}", {"score": "4"}) == "{a} 4"


@pytest.mark.parametrize("given", [{}, {"customer": ""}, {"customer": "  "}])
def test_an_empty_value_takes_the_fallback(given):
    assert render("Hi {{ customer | there }}", given) == "Hi there"


def test_an_empty_value_without_a_fallback_refuses_the_text():
    with pytest.raises(CannotPlan, match="gives no fallback"):
        render("Hi {{ customer }}", {})


def test_a_value_never_becomes_a_placeholder():
    shown = render("Said: {{ reasons }}", {"reasons": "{{ score }} {{{{ticket.id}}}} {%x%}", "score": "1"})

    assert "{{" not in shown
    assert "}}" not in shown
    assert "{%" not in shown
    assert "score" in shown


def test_a_text_that_grows_too_long_is_cut():
    shown = render("{{ reasons }}", {"reasons": "x" * (MAX_TEXT + 5)})

    assert len(shown) == MAX_TEXT
    assert shown.endswith("…")


def test_every_placeholder_has_a_value_to_look_for():
    assert set(values(planning())) == set(PLACEHOLDERS)


def test_braces_around_a_placeholder_and_in_its_value_do_not_join():
    assert render("{{{ score }}}", {"score": "{ticket.id}"}) == "{ {ticket.id} }"


@given(st.text("{}% abc|", max_size=30), st.text("{}% abc", max_size=20))
def test_whatever_is_written_leaves_no_placeholder(text, value):
    template = text + " {{ customer | nobody }}"
    try:
        placeholders(template)
    except ValueError:
        return

    shown = render(template, dict.fromkeys(PLACEHOLDERS, value))

    assert not any(mark in shown for mark in ("{{", "{%", "%}"))
