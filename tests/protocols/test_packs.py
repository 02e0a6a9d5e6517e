"""The shipped packs: they read, lint clean, and do on example tickets what they promise."""

from __future__ import annotations

import pytest

from app.protocols.actions.base import Alert, Effect
from app.protocols.actions.combine import combine
from app.protocols.actions.registry import kind_of
from app.protocols.decide import Published, Standing, decide
from app.protocols.document import read_document, write_document
from app.protocols.lint import DeskNames, lint
from app.protocols.packs import UnknownPack, load_pack
from app.words import Outcome
from connectors.ticket import Priority, Write
from tests.protocols.make import NOW, RECOVERY, planning, summary

DESK = DeskNames(groups=frozenset({"Support", "Recovery", "Retention"}), macros=frozenset())

CALM = {"state": "good_improving", "status": "open", "cause": "unknown", "tags": frozenset()}


def default_pack():
    return [
        Published(version_id=n, order=n, protocol=read_document(text)) for n, text in enumerate(load_pack("default"))
    ]


def opened_by(facts) -> list[str]:
    return [d.protocol for d in decide(default_pack(), facts, Standing(), NOW) if d.outcome is Outcome.OPEN]


@pytest.mark.parametrize("name", ["default", "retention"])
def test_a_pack_lints_clean_and_writes_back_equal(name):
    protocols = [read_document(text) for text in load_pack(name)]
    # The pack for retention is taken in beside the default one; those for a trade stand by themselves.
    beside = [read_document(text) for text in load_pack("default")] if name != "default" else []

    assert lint([*protocols, *beside], DESK) == []
    assert [read_document(write_document(one)) for one in protocols] == protocols


@pytest.mark.parametrize("name", ["nothing", "../secrets", ""])
def test_an_unknown_pack_is_refused_with_those_there_are(name):
    with pytest.raises(UnknownPack, match="there are default"):
        load_pack(name)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"state": "poor_improving"}, []),
        ({"state": "poor_worsening"}, ["Unhappy and getting worse"]),
        ({"state": "poor_worsening", "cause": "billing"}, ["Unhappy and getting worse"]),
        ({"rating_stars": 2}, ["Bad rating"]),
        ({"rating_stars": 3}, []),
        ({"state": "poor_worsening", "rating_stars": 1}, ["Bad rating"]),
        ({"state": "poor_worsening", "rating_stars": 1, "status": "closed"}, []),
    ],
)
def test_the_default_pack_opens_a_case_on_the_right_tickets(facts, expected):
    assert opened_by(CALM | facts) == expected


@pytest.mark.parametrize("case", [summary(), summary(score=None, state=None, reasons=(), url="")])
def test_the_default_pack_plans_every_step_on_a_fresh_desk(case):
    for published in default_pack():
        plans = [kind_of(action).plan(action.params, planning(case=case)) for _, action in published.protocol.steps]

        (write,) = combine([plan for plan in plans if isinstance(plan, Write)])
        assert (write.group_id, write.priority) == (RECOVERY.id, Priority.HIGH)
        assert write.comment is not None
        assert not write.comment.public
        assert "{{" not in write.comment.text
        assert [plan.target for plan in plans if isinstance(plan, Alert)] == ["lead"]


def test_the_default_pack_asks_again_a_day_after_the_resolution():
    assert [one.protocol.resurvey.after_hours for one in default_pack()] == [24, 24]


def test_writes_alerts_and_surveys_are_told_apart():
    effects = {kind_of(action).effect for one in default_pack() for action in one.protocol.actions}

    assert effects == {Effect.WRITE, Effect.ALERT}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"churn_risk": 0.5}, [Outcome.OPEN]),
        ({"churn_risk": 0.49}, [Outcome.NOT_ELIGIBLE]),
        ({"churn_risk": None}, [Outcome.NOT_ELIGIBLE]),
        ({"churn_risk": 0.9, "status": "closed"}, [Outcome.NOT_ELIGIBLE]),
    ],
)
def test_the_retention_pack_takes_customers_on_the_verge_of_leaving(facts, expected):
    (text,) = load_pack("retention")

    decided = decide([Published(version_id=1, protocol=read_document(text))], CALM | facts, Standing(), NOW)

    assert [decision.outcome for decision in decided] == expected
