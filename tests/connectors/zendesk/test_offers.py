"""Offers of Zendesk's own survey: which one, for whom, the link that nobody may see, and every way to be told no."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import requests

from connectors.base import Connector
from connectors.errors import Conflict, NoSurvey, NotFound, Refused, Unavailable
from connectors.ticket import Person, SurveyLink
from connectors.zendesk.offers import RESPONSES, Offers
from connectors.zendesk.refusals import zendesk_refusal
from tests.connectors.stage import START, ZendeskStage
from tests.connectors.zendesk.bodies import make_ticket

SITE = "https://desk.zendesk.com"
PATH = "/hc/en-us/survey_responses/01R?access_token=canary-key_1"


def made(**changed: Any) -> dict[str, Any]:
    return {"id": "01R", "links": {"type": "rating_link_emoji", "url_path": PATH, "rating_links": []}, **changed}


def row(survey_id: str = "01S", state: str = "enabled") -> dict[str, Any]:
    return {"id": "01R", "survey": {"id": survey_id, "version": 1, "state": state}, "answers": []}


class Vendor:
    """Answers each listing in turn, and every offer with the same; keeps what it was asked."""

    def __init__(self, *listings: list[Any], answer: Any = None) -> None:
        self.listings, self.answer = list(listings), made() if answer is None else answer
        self.asked: list[dict[str, str]] = []
        self.posted: list[Any] = []

    def offers(self) -> Offers:
        return Offers(get=self._get, post=self._post, site=SITE)

    def _get(self, path: str, params: Mapping[str, str], *, of: str = "") -> dict[str, Any]:
        assert path == RESPONSES
        self.asked.append(dict(params))
        return {"survey_responses": self.listings.pop(0)}

    def _post(self, path: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        assert path == RESPONSES
        self.posted.append(wanted["survey_response"])
        if isinstance(self.answer, Exception):
            raise self.answer
        found: dict[str, Any] = self.answer
        return found


class TestMaking:
    def test_it_is_for_the_requester_of_the_ticket_in_their_language(self) -> None:
        vendor = Vendor()
        ticket = make_ticket(requester=Person(id="77", locale="de-AT"))

        vendor.offers().make(ticket, "01S")

        assert vendor.posted == [
            {"locale": "de-at", "responder_id": 77, "subject_zrns": [f"zen:ticket:{ticket.id}"], "survey_id": "01S"}
        ]
        assert vendor.asked == []

    @pytest.mark.parametrize("answer", [made(), {"survey_response": made()}])
    def test_the_link_is_read_wrapped_or_not(self, answer: Any) -> None:
        link = Vendor(answer=answer).offers().make(make_ticket(), "01S")

        assert link == SurveyLink(id="01R", url=f"{SITE}{PATH}")

    def test_the_link_is_not_in_its_repr(self) -> None:
        link = Vendor().offers().make(make_ticket(), "01S")

        assert "canary" not in repr(link)

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"survey_response": None},
            made(id=""),
            made(links=None),
            made(links={"url_path": "//elsewhere.example.com/hc?access_token=canary"}),
            made(links={"url_path": "https://elsewhere.example.com/hc?access_token=canary"}),
            made(links={"url_path": f"{PATH}\ncanary"}),
            made(links={"url_path": "/hc/en-us"}),
        ],
    )
    def test_an_answer_without_a_link_may_have_made_one_and_is_not_quoted(self, answer: Any) -> None:
        with pytest.raises(Unavailable, match="no link to its survey") as caught:
            Vendor(answer=answer).offers().make(make_ticket(), "01S")

        assert caught.value.sent
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("error", [NotFound("404"), Conflict("409"), Refused("403")])
    def test_every_no_means_that_there_is_no_survey_here(self, error: Exception) -> None:
        with pytest.raises(NoSurvey, match=str(error)):
            Vendor(answer=error).offers().make(make_ticket(), "01S")

    @pytest.mark.parametrize("error", [Refused("401", auth=True), Unavailable("502", sent=True)])
    def test_trouble_says_nothing_about_surveys(self, error: Exception) -> None:
        with pytest.raises(type(error)) as caught:
            Vendor(answer=error).offers().make(make_ticket(), "01S")

        assert caught.value is error

    def test_the_refusal_of_a_survey_is_named_by_its_code(self) -> None:
        body = {"errors": [{"code": "SurveyDisabled", "status": "409", "title": "canary"}]}

        assert str(zendesk_refusal(409, body)) == "the helpdesk answered 409: SurveyDisabled"


class TestTheUsualSurvey:
    @pytest.mark.parametrize(
        ("listings", "chosen"),
        [
            ([[row("01T")]], "01T"),
            ([[row("01OLD", "disabled"), row("01T")]], "01T"),
            ([[], [row("01A")]], "01A"),
            ([[{"id": "01R"}], [row("01A")]], "01A"),
        ],
    )
    def test_it_is_what_was_offered_last_on_the_ticket_else_in_the_account(
        self, listings: list[list[Any]], chosen: str
    ) -> None:
        vendor = Vendor(*listings)

        vendor.offers().make(make_ticket(), None)

        assert vendor.posted[0]["survey_id"] == chosen
        assert vendor.asked[0]["sort"] == "-id"

    def test_an_account_that_never_offered_one_has_none_that_is_known(self) -> None:
        vendor = Vendor([], [row(state="disabled")])

        with pytest.raises(NoSurvey, match="no survey of this account is known"):
            vendor.offers().make(make_ticket(), None)

        assert vendor.posted == []

    @pytest.mark.parametrize("rows", [None, {}, [None], [{}]])
    def test_a_list_of_the_wrong_shape_is_a_helpdesk_in_trouble(self, rows: Any) -> None:
        with pytest.raises(Unavailable, match="no list") as caught:
            Vendor(rows).offers().make(make_ticket(), None)

        assert not caught.value.sent


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskStage]:
    stage = ZendeskStage(tmp_path_factory.mktemp("helpdesk"))
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture
def stage(running: ZendeskStage) -> ZendeskStage:
    """The running helpdesk without faults."""
    running.sandbox.helpdesk.faults.clear()
    return running


@pytest.fixture
def desk(stage: ZendeskStage) -> Iterator[Connector]:
    opened = stage.open()
    yield opened
    opened.close()


def test_an_answer_at_the_link_is_a_rating_of_the_offer_s_id(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket()
    link = desk.offer_survey(desk.read_ticket(ticket_id), stage.account.survey_id)
    assert link is not None

    answer = requests.post(link.url, data={"rating": "4"}, headers={"Origin": stage.sandbox.url}, timeout=5)

    assert answer.ok
    ratings = desk.read_ticket(ticket_id, with_ratings=True).ratings or ()
    assert [(one.id, one.value) for one in ratings] == [(link.id, 0.75)]


def test_an_offer_whose_answer_was_lost_is_found_by_its_time(stage: ZendeskStage, desk: Connector) -> None:
    ticket = desk.read_ticket(stage.new_ticket())
    stage.fault("drop_after_write", method="POST", path_prefix=f"/api/v2/{RESPONSES}")
    with pytest.raises(Unavailable) as caught:
        desk.offer_survey(ticket, stage.account.survey_id)

    found, later = desk.find_offer(ticket.id, START), desk.find_offer(ticket.id, START + timedelta(days=1))

    assert caught.value.sent
    assert (found is None, later) == (False, None)


def test_a_ticket_on_which_nothing_was_offered_has_no_offer(stage: ZendeskStage, desk: Connector) -> None:
    assert desk.find_offer(stage.new_ticket(), START) is None
