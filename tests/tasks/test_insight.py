"""What a ticket is about, concluded along with its score: cause, fault, vendor, churn risk, turning point."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.protocols.packs import load_pack
from app.publishing import import_documents
from app.store import cases, explanations, insights
from app.store.models import CauseExample
from app.words import Cause, FaultSide
from connectors.ticket import Write
from tests.tasks.stage import Stage, protocol

LATE = "My sofa has not arrived. It was supposed to be here on Monday."
CANCEL = "I want to cancel my subscription."
CALM = "Hello, could you tell me your opening hours?"


@pytest.fixture
def quiet(stage: Stage) -> Stage:
    """Nothing is done about anything."""
    stage.publish()
    return stage


def fill_in(stage: Stage, ticket: str, purpose: str, value: str) -> None:
    """An admin maps a custom field, somebody fills it in at the helpdesk, and we are told."""
    field = str(stage.account.field_ids["Order number"])
    stage.settings(fields={purpose: field})
    with stage.parts.connections.open(stage.desk_id) as connector:
        connector.write(connector.read_ticket(ticket), Write(custom_fields={field: value}))
    stage.happened(ticket, "ticket.changed")
    stage.drain()


def view(stage: Stage, ticket: str) -> explanations.View:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return explanations.of_ticket(session, stage.tracked(ticket))


def correct(stage: Stage, ticket: str, name: str, side: FaultSide | None = None) -> bool:
    with stage.parts.database.desk(stage.desk_id) as session:
        row = session.merge(stage.tracked(ticket))
        insights.correct(session, row, name, side, by="account 1")
        return insights.learn(session, row, stage.now)


@pytest.mark.capability("DET-17")
def test_cause_and_turning_point_are_found_with_their_messages(quiet: Stage) -> None:
    ticket = quiet.opens(LATE)
    quiet.drain()
    quiet.answers(ticket, "It is on its way.")
    turned = quiet.says(ticket, "This is the third time I write! It still has not arrived and nobody answers!")
    quiet.drain()

    row, seen = quiet.tracked(ticket), view(quiet, ticket)

    assert (row.cause, row.cause_class) == (Cause.SHIPPING_DELAY, "shipping_delay")
    assert seen.insight.cause[0].said == f"“{LATE}”"
    assert row.turning_message_id == turned
    assert seen.turning is not None
    assert any("third time" in reason.evidence for reason in seen.turning.reasons)


@pytest.mark.capability("DET-16")
def test_a_vendor_field_with_a_late_delivery_is_the_vendors_fault(quiet: Stage) -> None:
    quiet.settings(vendors=[{"name": "Soft Sofa", "aliases": ["softsofa"]}])
    ticket = quiet.opens(LATE)
    fill_in(quiet, ticket, "vendor", "softsofa")

    row = quiet.tracked(ticket)

    assert (row.vendor, row.vendor_source, row.fault_side) == ("Soft Sofa", "field", FaultSide.VENDOR)
    assert view(quiet, ticket).insight.fault[0].said == "vendor field: Soft Sofa"


def test_the_field_of_reasons_is_remembered_when_only_time_passes(quiet: Stage) -> None:
    ticket = quiet.opens("Please help me with this.")
    fill_in(quiet, ticket, "cause", "Billing")

    quiet.step(hours=30)
    quiet.drain()

    assert quiet.tracked(ticket).cause is Cause.BILLING


@pytest.mark.capability("DET-17")
def test_a_correction_wins_over_every_later_reading(quiet: Stage) -> None:
    ticket = quiet.opens(LATE)
    quiet.drain()

    correct(quiet, ticket, "billing", FaultSide.CUSTOMER)
    quiet.says(ticket, "My sofa still has not arrived, it is late, late, late!")
    quiet.drain()

    row = quiet.tracked(ticket)
    assert (row.cause, row.fault_side, row.cause_by, row.fault_by) == (
        Cause.BILLING, FaultSide.CUSTOMER, "account 1", "account 1",
    )  # fmt: skip
    assert view(quiet, ticket).insight.cause[0].said == "named by a person"


def test_a_corrected_cause_lays_the_fault_anew(quiet: Stage) -> None:
    ticket = quiet.opens(LATE)
    quiet.drain()

    correct(quiet, ticket, "platform")
    quiet.says(ticket, "Hello?")
    quiet.drain()

    assert quiet.tracked(ticket).fault_side is FaultSide.PLATFORM


def test_a_cause_that_the_desk_does_not_have_is_refused(quiet: Stage) -> None:
    ticket = quiet.opens(LATE)
    quiet.drain()

    with pytest.raises(ValueError, match=r"cause: must be one of .*: 'weather'"):
        correct(quiet, ticket, "weather")


@pytest.mark.parametrize(("allowed", "cause"), [(True, Cause.WRONG_ITEM), (False, Cause.UNKNOWN)])
def test_a_corrected_ticket_is_an_example_where_the_admin_allows_it(quiet: Stage, allowed: bool, cause: Cause) -> None:
    quiet.settings(learn_causes=allowed)
    first = quiet.opens("The blue gadget squeaks whenever it turns round.")
    quiet.drain()

    kept = correct(quiet, first, "wrong_item")
    second = quiet.opens("My blue gadget squeaks whenever it turns.", email="other@example.com")
    quiet.drain()

    assert kept is allowed
    assert len(quiet.rows(CauseExample)) == allowed
    assert quiet.tracked(second).cause is cause


def test_a_ticket_corrected_twice_is_one_example(quiet: Stage) -> None:
    quiet.settings(learn_causes=True)
    ticket = quiet.opens(LATE)
    quiet.drain()

    for name in ("wrong_item", "billing"):
        correct(quiet, ticket, name)

    (example,) = quiet.rows(CauseExample)
    assert example.cause_class == "billing"
    assert b"sofa" not in bytes(example.sealed_hashes)


def test_own_classes_and_the_trade_of_the_desk_are_used(quiet: Stage) -> None:
    own = [{"name": "sofa_colour", "parent": "wrong_item", "phrases": ["wrong shade"]}]
    quiet.settings(taxonomy="retail", causes=own)
    shade = quiet.opens("The sofa has the wrong shade of blue.")
    lost = quiet.opens("The tracking says delivered but nothing came.", email="other@example.com")
    quiet.drain()

    assert quiet.tracked(shade).cause_class == "sofa_colour"
    assert quiet.tracked(lost).cause_class == "lost_parcel"


def test_settings_that_cannot_be_used_leave_the_packaged_classes(quiet: Stage) -> None:
    quiet.settings(causes=[{"name": "Not A Name"}])
    ticket = quiet.opens(LATE)

    quiet.drain()

    assert quiet.tracked(ticket).cause is Cause.SHIPPING_DELAY


@pytest.mark.capability("DET-15")
@pytest.mark.capability("TEA-06")
def test_a_cancel_phrase_on_a_subscription_goes_to_the_retention_group(stage: Stage) -> None:
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, load_pack("retention"), publish_as="a test", first=True)
    ticket = stage.opens(CANCEL, tags=["subscription"])

    stage.drain()

    assert stage.tracked(ticket).churn_risk == pytest.approx(0.55, abs=0.01)
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        (case,) = cases.of_ticket(session, stage.tracked(ticket).id)
        assert case.opened_by == "state"
    assert "churn_risk" in stage.tags(ticket)
    assert stage.shown(ticket)["group"] == "Retention"


@pytest.mark.capability("DET-15")
def test_the_same_phrase_of_a_stranger_sets_no_flag(quiet: Stage) -> None:
    ticket = quiet.opens(CANCEL)

    quiet.drain()

    risk = quiet.tracked(ticket).churn_risk
    assert risk is not None
    assert risk < 0.5


def test_the_tier_comes_from_the_desks_own_list(quiet: Stage) -> None:
    quiet.settings(tiers={"Diamond": 1.0})
    ticket = quiet.opens(CALM, tags=["vip"])
    fill_in(quiet, ticket, "tier", "diamond")

    (told,) = view(quiet, ticket).insight.churn

    assert (told.name, told.logit, told.evidence) == ("tier", 1.0, "tier: diamond")


def test_the_churn_risk_of_an_open_ticket_grows_with_its_age(quiet: Stage) -> None:
    ticket = quiet.opens(CALM)
    quiet.drain()
    before = quiet.tracked(ticket).churn_risk

    quiet.step(days=6)
    quiet.says(ticket, "Hello?")
    quiet.drain()

    after = quiet.tracked(ticket).churn_risk
    assert before is not None
    assert after is not None
    assert after > before


def test_protocols_see_what_was_concluded(stage: Stage) -> None:
    wanted = [
        {"field": "fault_side", "operator": "is", "value": "vendor"},
        {"field": "vendor", "operator": "is", "value": "Soft Sofa"},
        {"field": "churn_risk", "operator": "below", "value": 0.5},
        {"field": "resolution", "operator": "above", "value": 0.1},
        {"field": "language", "operator": "is", "value": "en"},
    ]
    stage.settings(vendors=[{"name": "Soft Sofa"}])
    stage.publish(protocol("Vendors") | {"criteria": {"all": wanted}})
    ticket = stage.opens("Hello, my new sofa by Soft Sofa has not arrived. When will it be delivered, please?")

    stage.drain()

    assert len(stage.cases(ticket)) == 1


def test_a_beginning_that_is_poor_because_of_before_points_there(quiet: Stage) -> None:
    earlier = quiet.opens("Where is my lamp?")
    quiet.drain()
    quiet.answers(earlier)
    quiet.solves(earlier)
    quiet.rates(earlier, 1)
    quiet.drain()
    later = quiet.opens("Where is my chair?")
    quiet.drain()
    with quiet.parts.database.desk(quiet.desk_id) as session:
        opening = session.merge(quiet.scores(later)[0])
        opening.base_logit, opening.factors = 2.0, {"ending.earlier_low": -3.0}

    quiet.says(later, "Hello?")
    quiet.drain()

    assert quiet.tracked(later).turning_ticket_id == earlier


def test_words_are_sealed_and_numbers_are_not(quiet: Stage) -> None:
    ticket = quiet.opens(f"{LATE} {CANCEL}")
    quiet.drain()

    row = quiet.tracked(ticket)

    assert "sofa" not in json.dumps(row.insight)
    assert b"sofa" not in bytes(row.sealed_insight or b"")
    assert dict(_plain(row.insight)["churn"]) == {"cancels": 2.0}


def _plain(insight: dict[str, Any] | None) -> dict[str, Any]:
    assert insight is not None
    return insight


def test_nothing_is_concluded_from_a_message_without_words(quiet: Stage) -> None:
    ticket = quiet.opens("Automatic reply: I am out of the office until Monday.")

    quiet.drain()

    assert quiet.tracked(ticket).cause is None
    assert view(quiet, ticket).score is None
