"""A corpus of documents with one mistake each: the line that an admin reads names the path and quotes the value."""

from __future__ import annotations

from typing import Any

import pytest

from app.protocols.document import DocumentError, read_document
from tests.protocols.make import condition, document

STATES = "good_improving, good_worsening, poor_improving, poor_worsening"


def _all(*conditions: Any) -> dict[str, Any]:
    return document(criteria={"all": list(conditions)})


def _do(**action: Any) -> dict[str, Any]:
    return document(actions=[action])


def _rails(**guardrails: Any) -> dict[str, Any]:
    return document(guardrails=guardrails)


def _survey(**resurvey: Any) -> dict[str, Any]:
    return document(follow_up={"resurvey": resurvey})


#: What is wrong, the document, and how its one error line begins and ends.
CORPUS: list[tuple[str, Any, str, str]] = [
    ("no name", document(name=None), "name: is missing", ""),
    ("name is a number", document(name=12), "name: must be text", "(got 12)"),
    ("name is blank", document(name="  "), "name: must have 1 to 80 characters", '(got "  ")'),
    ("name is too long", document(name="x" * 81), "name: must have 1 to 80 characters", "…)"),
    ("name has two lines", document(name="a\nb"), "name: must not have control characters or line", '(got "a\\nb")'),
    ("unknown cause", document(cause="weather"), "cause: must be one of any, shipping_delay", '(got "weather")'),
    ("cause is a list", document(cause=["billing"]), "cause: must be one of any", '(got ["billing"])'),
    ("no criteria", document(criteria=None), "criteria: is missing", ""),
    ("criteria are a list", document(criteria=[]), "criteria: must be a mapping", "(got [])"),
    ("criteria without conditions", document(criteria={}), "criteria: must have 1 to 50 conditions, has 0", "(got {})"),
    ("too many conditions", _all(*[condition("score", "is", n) for n in range(51)]), "criteria: must have 1 to 50", ""),
    ("unknown criteria group", document(criteria={"al": []}), "criteria.al: is not a known field; did you", "(got [])"),
    ("conditions are a word", document(criteria={"all": "score"}), "criteria.all: must be a list", '(got "score")'),
    ("a condition is a word", _all("score < 4"), "criteria.all[0]: must be a mapping", '(got "score < 4")'),
    ("unknown fact", _all(condition("scor", "at_most", 4)), "criteria.all[0].field: must be one of", '(got "scor")'),
    ("fact is a list", _all(condition(["score"], "is", 4)), "criteria.all[0].field: must be", '(got ["score"])'),
    (
        "unknown operator",
        document(criteria={"any": [condition("score", "is", 1), condition("score", "bigger", 4)]}),
        "criteria.any[1].operator: must be one of is, is_not, at_least",
        '(got "bigger")',
    ),
    (
        "operator of another kind",
        _all(condition("state", "at_most", "poor_worsening")),
        "criteria.all[0].operator: must be one of is, is_not, one_of, none_of for state",
        '(got "at_most")',
    ),
    (
        "regular expression",
        _all(condition("tags", "matches", "(a+)+$")),
        "criteria.all[0].operator: must be",
        '"matches")',
    ),
    ("no value", _all({"field": "score", "operator": "is"}), "criteria.all[0].value: is missing", ""),
    ("empty value", _all(condition("score", "is", None)), "criteria.all[0].value: must not be empty", "(got null)"),
    ("number as text", _all(condition("score", "is", "40")), "criteria.all[0].value: must be a number", '(got "40")'),
    ("number is true", _all(condition("score", "is", True)), "criteria.all[0].value: must be a number", "(got true)"),
    ("number without end", _all(condition("score", "is", float("inf"))), "criteria.all[0].value: must be a num", ""),
    (
        "unknown state",
        _all(condition("state", "is", "sad")),
        f"criteria.all[0].value: must be one of {STATES}",
        '"sad")',
    ),
    (
        "unknown state in a list",
        _all(condition("state", "one_of", ["poor_worsening", "sad"])),
        "criteria.all[0].value: must be one of",
        '(got ["poor_worsening", "sad"])',
    ),
    (
        "list without words",
        _all(condition("tags", "includes_any", [])),
        "criteria.all[0].value: must have 1",
        "(got [])",
    ),
    ("word is a number", _all(condition("group", "is", 36001)), "criteria.all[0].value: must be text", "(got 36001)"),
    ("flag is a word", _all(condition("assigned", "is", "yes")), "criteria.all[0].value: must be true", '(got "yes")'),
    (
        "unknown key in a condition",
        _all(condition("score", "is", 4) | {"valeu": 5}),
        "criteria.all[0].valeu: is not a known field; did you mean value?",
        "(got 5)",
    ),
    ("team is a list", document(team=["Recovery"]), "team: must be text", '(got ["Recovery"])'),
    ("no actions", document(actions=None), "actions: is missing", ""),
    ("empty actions", document(actions=[]), "actions: must have 1 to 20 actions, has 0", "(got [])"),
    ("actions are a mapping", document(actions={"do": "tag"}), "actions: must be a list", '(got {"do": "tag"})'),
    ("an action is a word", document(actions=["tag"]), "actions[0]: must be a mapping with do", '(got "tag")'),
    ("an action without do", document(actions=[{"add": "x"}]), "actions[0].do: is missing", ""),
    ("unknown action", _do(do="refund"), "actions[0].do: must be one of tag, note, assign", '(got "refund")'),
    ("action name is a list", _do(do=["tag"]), "actions[0].do: must be one of", '(got ["tag"])'),
    ("tag without tags", _do(do="tag"), "actions[0].add: is missing; name a tag", ""),
    (
        "tag with a space",
        _do(do="tag", add=["fine", "two words"]),
        "actions[0].add[1]: must be one tag",
        '"two words")',
    ),
    (
        "tag in capitals",
        _do(do="tag", remove="VIP"),
        "actions[0].remove[0]: must be one tag: lower case",
        '(got "VIP")',
    ),
    ("tag on both sides", _do(do="tag", add="a", remove="a"), 'actions[0].remove: must not name "a"', '(got "a")'),
    (
        "unknown key in an action",
        _do(do="tag", ad="x", add="x"),
        "actions[0].ad: is not a known field; did",
        '(got "x")',
    ),
    ("note without text", _do(do="note"), "actions[0].text: is missing", ""),
    ("note too long", _do(do="note", text="x" * 4001), "actions[0].text: must have 1 to 4000 characters", "…)"),
    ("note with a control character", _do(do="note", text="a\x1bb"), "actions[0].text: must not have control", ""),
    (
        "unknown placeholder",
        _do(do="note", text="Hi {{ nam }}"),
        'actions[0].text: must not use the placeholder "nam"',
        "",
    ),
    ("code in a placeholder", _do(do="note", text="{{ 7 * 7 }}"), "actions[0].text: must not use the placeholder", ""),
    ("attribute in a placeholder", _do(do="note", text="{{ customer.email }}"), "actions[0].text: must not use", ""),
    ("template block", _do(do="note", text="{% if x %}"), "actions[0].text: must not have a lone {%", '"{% if x %}")'),
    ("open placeholder", _do(do="note", text="Hi {{ customer"), "actions[0].text: must not have a lone {{", ""),
    ("assign without a group", _do(do="assign"), "actions[0].group: is missing; neither", ""),
    (
        "assign to a word",
        _do(do="assign", group="R", to="boss"),
        "actions[0].to: must be one of group, least",
        '"boss")',
    ),
    ("macro without a name", _do(do="macro"), "actions[0].macro: is missing", ""),
    ("priority without a level", _do(do="priority"), "actions[0].to: is missing", ""),
    ("unknown priority", _do(do="priority", to="asap"), "actions[0].to: must be one of low, normal", '(got "asap")'),
    (
        "may_lower is a word",
        _do(do="priority", to="low", may_lower="yes"),
        "actions[0].may_lower: must be true",
        '"yes")',
    ),
    ("alert without a target", _do(do="alert"), "actions[0].email: is missing, and webhook too", ""),
    ("alert with two targets", _do(do="alert", email="lead", webhook="x"), "actions[0].webhook: must not be given", ""),
    (
        "alert to no address",
        _do(do="alert", email="boss"),
        "actions[0].email: must be an e-mail address",
        '(got "boss")',
    ),
    ("alert to two addresses", _do(do="alert", email="a@example.com,b@example.com"), "actions[0].email: must be", ""),
    (
        "alert without transport security",
        _do(do="alert", webhook="http://example.com/a"),
        "actions[0].webhook: must",
        "",
    ),
    (
        "alert with a password in the address",
        _do(do="alert", webhook="https://a:b@example.com"),
        "actions[0].webhook:",
        "",
    ),
    ("alert to a broken address", _do(do="alert", webhook="https://[x"), "actions[0].webhook: must be an https", ""),
    (
        "two resurveys",
        _survey() | {"actions": [{"do": "resurvey"}]},
        "actions[0].do: must be there once",
        '"resurvey")',
    ),
    ("negative cooldown", _rails(cooldown_hours=-1), "guardrails.cooldown_hours: must be a number from 0", "(got -1)"),
    ("cooldown as text", _rails(cooldown_hours="24"), "guardrails.cooldown_hours: must be a number", '(got "24")'),
    ("unknown rearm", _rails(rearm="always"), "guardrails.rearm: must be one of never", '(got "always")'),
    ("rearm without hours", _rails(rearm="after_hours"), "guardrails.rearm_hours: is missing", ""),
    (
        "rearm hours for nothing",
        _rails(rearm="never", rearm_hours=3),
        "guardrails.rearm_hours: must be left",
        "(got 3)",
    ),
    ("half a case", _rails(max_cases=1.5), "guardrails.max_cases: must be a whole number from 1", "(got 1.5)"),
    ("a holdout", _rails(holdout_share=0.1), "guardrails.holdout_share: must be 0", "(got 0.1)"),
    (
        "more actions than the guardrail has",
        _rails(max_actions=1) | {"actions": [{"do": "priority", "to": "low"}] * 2},
        "actions: must have 1 to 1 actions, has 2",
        "",
    ),
    ("guardrails are a word", document(guardrails="none"), "guardrails: must be a mapping", '(got "none")'),
    ("unknown channel", _survey(channel="fax"), "follow_up.resurvey.channel: must be one of auto", '(got "fax")'),
    ("good from nothing", _survey(good_from=0), "follow_up.resurvey.good_from: must be a number from 0.01", "(got 0)"),
    ("unknown return", document(follow_up={"return_to": "sender"}), "follow_up.return_to: must be one of", '"sender")'),
    ("declared tag is a number", document(tags=["a", 5]), "tags[1]: must be one tag", "(got 5)"),
    ("too many tags", document(tags=[f"t{n}" for n in range(51)]), "tags: must have at most 50", ""),
    ("unknown key", document(acton=1), "acton: is not a known field; did you mean actions?", "(got 1)"),
    ("unlike any key", document(qqqq=1), "qqqq: is not a known field", "(got 1)"),
    ("other version", document(version=2), "version: must be 1", "(got 2)"),
]


@pytest.mark.parametrize(("given", "begins", "ends"), [case[1:] for case in CORPUS], ids=[case[0] for case in CORPUS])
def test_a_mistake_is_named_by_path_and_value(given, begins, ends):
    with pytest.raises(DocumentError) as caught:
        read_document(given)

    (line,) = [str(error) for error in caught.value.errors]
    assert line.startswith(begins)
    assert line.endswith(ends)


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
