"""Tier and value of a customer, from the helpdesk's own fields to the queue of senior people."""

from __future__ import annotations

from typing import Any

import pytest

from app.clock import real_now
from app.protocols.routing import Member, Team
from app.store import teams
from app.store.models import TrackedTicket
from connectors.ticket import Customer
from tasks import customers
from tests.protocols.make import ticket
from tests.tasks.stage import ANGRY, Stage, protocol

SENIOR = {"do": "assign", "to": "senior"}
DRAFT = {"do": "draft", "text": "Dear {{ customer | customer }}, I have read all of it myself."}
VALUED = {
    "all": [
        {"field": "customer_tier", "operator": "one_of", "value": ["gold"]},
        {"field": "customer_value", "operator": "at_least", "value": 1000},
        {"field": "organization", "operator": "is", "value": "Gold Example"},
    ]
}
MAPPED = {"tier": "organization.plan", "value": "user.revenue"}


def opens_as(stage: Stage, plan: str, revenue: int) -> str:
    """A ticket by somebody of an organisation on that plan."""
    home = stage.act("organizations", name=f"{plan} Example", domains=[f"{plan.lower()}.example"])
    stage.act(f"profiles/{home['id']}", fields={"plan": plan})
    made = stage.act("tickets", email=f"one@{plan.lower()}.example", name="A Customer", subject="Lamp", text=ANGRY)
    requester = stage.shown(str(made["id"]))["requester"]["id"]
    stage.act(f"profiles/{requester}", fields={"revenue": revenue})
    stage.happened(str(made["id"]), "ticket.created")
    return str(made["id"])


@pytest.mark.capability("TEA-08")
def test_an_unhappy_customer_of_high_value_goes_to_somebody_senior(stage: Stage) -> None:
    two = str(stage.account.agent_ids[1])
    with stage.parts.database.desk(stage.desk_id) as session:
        recovery = Team(group_id=str(stage.account.group_ids["Recovery"]), name="Recovery")
        teams.replace_all(session, stage.desk_id, [recovery], [Member(agent_id=two, senior=True)], real_now())
    stage.settings(customer=MAPPED)
    stage.publish(
        protocol("Valued", SENIOR, DRAFT, criteria=VALUED),
        protocol("Others", {"do": "assign", "to": "group"}),
    )

    gold, bronze = opens_as(stage, "Gold", 5000), opens_as(stage, "Bronze", 10)
    stage.drain()

    row = stage.tracked(gold)
    assert (row.customer_tier, row.customer_value, row.organization) == ("gold", 5000, "Gold Example")
    assert stage.shown(gold)["assignee_id"] == two
    (draft,) = stage.comments(gold, public=False)
    assert "Dear A Customer, I have read all of it myself." in draft
    assert stage.shown(bronze)["assignee_id"] is None
    assert stage.tracked(bronze).customer_tier == "bronze"


def test_without_a_setting_nothing_is_kept_but_the_organisation(stage: Stage) -> None:
    gold = opens_as(stage, "Gold", 5000)

    stage.drain()

    row = stage.tracked(gold)
    assert (row.customer_tier, row.customer_value, row.organization) == (None, None, "Gold Example")


class Desk:
    """Tells of a customer when asked, and counts how often it is."""

    def __init__(self) -> None:
        self.asked = 0

    def read_customer(self, _: Any) -> Customer:
        self.asked += 1
        return Customer(organization="Asked")


class Claim:
    def __init__(self, mapped: dict[str, str], **columns: Any) -> None:
        self.customer = mapped
        self.tracked = TrackedTicket(**columns)


@pytest.mark.parametrize(
    ("mapped", "columns", "asked"),
    [
        (MAPPED, {}, 1),
        (MAPPED, {"read_at": real_now()}, 0),
        (MAPPED, {"read_at": real_now(), "organization_id": "5"}, 1),
        ({}, {}, 0),
        ({"tier": "ticket.9"}, {}, 0),
    ],
)
def test_a_helpdesk_that_tells_only_when_asked_is_asked_once(mapped, columns, asked) -> None:
    desk: Any = Desk()
    claim: Any = Claim(mapped, **columns)

    found = customers.read(claim, ticket(), desk)

    assert desk.asked == asked
    assert (found.customer is not None) is bool(asked)


def test_what_reading_told_is_not_asked_again() -> None:
    desk: Any = Desk()
    claim: Any = Claim(MAPPED)

    found = customers.read(claim, ticket(customer=Customer(organization="Told")), desk)

    assert (desk.asked, found.customer.organization if found.customer else None) == (0, "Told")


def described(mapped: dict[str, str], fields: dict[str, str] | None = None, **changes: Any) -> TrackedTicket:
    row = TrackedTicket(customer_tier="old", customer_value=1.0, organization="Old")
    customers.describe(row, ticket(**changes), mapped, fields or {})
    return row


@pytest.mark.parametrize(
    ("value", "number"), [(12, 12.0), ("1e3", 1000.0), ("much", None), ("nan", None), (None, None)]
)
def test_a_value_is_a_number_or_nothing(value: Any, number: float | None) -> None:
    row = described({"value": "user.worth"}, customer=Customer(fields={"worth": value}))

    assert row.customer_value == number


def test_a_tier_may_stand_on_the_ticket_itself() -> None:
    own = described({"tier": "ticket.9"}, custom_fields={"9": " VIP "})
    mapped = described({}, {"tier": "9"}, custom_fields={"9": "Gold"})
    gone = described({}, {"tier": "9"}, custom_fields={"9": ""})

    assert (own.customer_tier, mapped.customer_tier, gone.customer_tier) == ("vip", "gold", None)


def test_what_was_not_read_stays_as_it_was() -> None:
    row = described(MAPPED)

    assert (row.customer_tier, row.customer_value, row.organization) == ("old", 1.0, "Old")
