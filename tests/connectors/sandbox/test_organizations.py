"""Organisations at the Zendesk half: whose tickets they are, and their endpoints."""

from __future__ import annotations

from tests.connectors.sandbox.parts import Api, Play


def test_a_ticket_belongs_to_the_organisation_of_its_requesters_address(api: Api, play: Play) -> None:
    made = api("POST", "organizations", organization={"name": "Second Example", "domain_names": ["second.example"]})
    organization = made.json()["organization"]

    inside, outside = play.ticket(email="one@second.example"), play.ticket(email="one@elsewhere.example")

    assert made.status_code == 201
    assert api.read(f"tickets/{inside}")["ticket"]["organization_id"] == organization["id"]
    assert api.read(f"tickets/{outside}")["ticket"]["organization_id"] is None


def test_organisations_are_listed_and_shown(api: Api, play: Play) -> None:
    made = play("organizations", name="Third Example", domains=["third.example"])["id"]

    listed = api.read("organizations")["organizations"]

    assert [one["name"] for one in listed] == ["Example Organisation", "Third Example"]
    assert api.read(f"organizations/{made}")["organization"] == listed[1]
    assert api.read(f"organizations/show_many?ids={made},1")["organizations"] == [listed[1]]


def test_a_user_names_the_organisation_and_a_name_is_one_organisations(api: Api, play: Play) -> None:
    ticket_id = play.ticket(email="one@example.net")
    home = api.read("organizations")["organizations"][0]

    requester_id = api.read(f"tickets/{ticket_id}")["ticket"]["requester_id"]
    again = api("POST", "organizations", organization={"name": home["name"]})

    assert api.read(f"users/{requester_id}")["user"]["organization_id"] == home["id"]
    assert again.status_code == 422


def test_an_organisation_without_a_name_is_refused(api: Api) -> None:
    assert api("POST", "organizations", organization={"domain_names": []}).status_code == 400
