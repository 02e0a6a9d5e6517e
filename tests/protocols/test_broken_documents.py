"""A corpus of broken documents: every line that an admin reads names the path and quotes the value."""

from __future__ import annotations

import pytest

from app.protocol_setup import check, read_sources
from app.protocols.document import DocumentError, read_document
from tests.protocols.broken_files import FILES, agree, expected
from tests.protocols.make import condition, document


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_mistake_is_named_by_path_and_value(file):
    (source,) = read_sources([str(file)])

    said = check(source).errors

    assert agree(expected(file), said), said


def test_the_corpus_is_not_small():
    assert len(FILES) >= 60
    assert all(expected(file) for file in FILES)


def test_more_stop_conditions_than_criteria_may_have_are_refused():
    many = [condition("score", "is", n) for n in range(51)]

    with pytest.raises(DocumentError, match=r"guardrails\.stop_when: must have at most 50 conditions"):
        read_document(document(guardrails={"stop_when": many}))


def test_a_number_without_end_is_none():
    with pytest.raises(DocumentError, match=r"criteria.all\[0\].value: must be a number"):
        read_document(document(criteria={"all": [condition("score", "is", float("inf"))]}))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "document: is empty"),
        ("- name", 'document: must be a mapping of names to values (got ["name"])'),
        ("just words", 'document: must be a mapping of names to values (got "just words")'),
        ("name: [", "document: is not YAML: expected the node content, but found '<stream end>' (line 1)"),
        ("name: \x07", "document: is not YAML: it has a character that YAML does not allow"),
        ("name: \ud800", "document: is not YAML: it has a character that YAML does not allow"),
        ("name: a\nname: b", "name: must be given once, found again on line 2"),
        ("criteria:\n  all: []\n  all: []", "criteria.all: must be given once, found again on line 3"),
        ("name: &a x\nteam: *a", "name: must not use anchors (got &a)"),
        ("team: *a", "team: must not use aliases (got *a)"),
        ("a: &a [x]\nb: &b [*a,*a]", "a: must not use anchors (got &a)"),
        ("name: !!python/object/apply:os.system [x]", "name: must not use tags"),
        ("? [a]\n: b", "document: must have plain words as keys"),
        ("name: a\n---\nname: b", "document: must be one document, found another after a line of ---"),
        ("a: " + "[" * 40, "a" + "[0]" * 20 + ": must be smaller: at most 10000 values, nested at most 20 deep"),
        ("- a\n" * 10_001, "[9999]: must be smaller"),
        ("a" * (256 * 1024 + 1), "document: must be at most 256 KiB (got 262145 bytes)"),
    ],
)
def test_what_is_not_a_document_is_refused_in_one_line(text, line):
    with pytest.raises(DocumentError) as caught:
        read_document(text)

    assert str(caught.value).startswith(line)


def _nested(depth):
    return [_nested(depth - 1)] if depth else "x"


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"name": "x" * 10_000_000}, "name: must be at most 256 KiB over all texts"),
        ({"x" * 300_000: 1}, "x" * 60 + ": must be at most 256 KiB over all texts"),
        ({"tags": ["a"] * 10_001}, "tags: must be smaller: at most 10000 values, nested at most 20 deep"),
        ({"tags": [["a"] * 100] * 100}, "tags[1][0]: must be smaller"),
        ({"guardrails": {"max_cases": 10**18}}, "guardrails.max_cases: must be a number of at most 18 digits"),
        ({"tags": _nested(900)}, "tags" + "[0]" * 20 + ": must be smaller"),
    ],
)
def test_plain_values_have_the_bounds_of_a_text(wrong, line):
    with pytest.raises(DocumentError) as caught:
        read_document(document(**wrong))

    assert str(caught.value).startswith(line)


def test_all_mistakes_are_told_at_once():
    broken = document(name=3, team=[], actions=[{"do": "tag"}, {"do": "nothing"}], colour="red")

    with pytest.raises(DocumentError) as caught:
        read_document(broken)

    paths = {error.path for error in caught.value.errors}
    assert paths == {"name", "team", "actions[0].add", "actions[1].do", "colour"}


def test_words_that_only_look_like_something_else_stay_words():
    text = (
        "name: yes\nteam: 12:30\ncriteria: {all: [{field: channel, operator: one_of, value: [on, 2031-01-01, 012]}]}\n"
    )

    found = read_document(text + "actions: [{do: macro, macro: off}]")

    assert (found.name, found.team) == ("yes", "12:30")
    assert found.criteria.all[0].value == ("on", "2031-01-01", "012")
