"""The vendor's own survey page, where the links of survey responses lead. Whoever has the link may answer."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request

from connectors.sandbox import ratings, tickets
from connectors.sandbox.calls import desk
from connectors.sandbox.pages import page
from connectors.sandbox.ratings import SurveyResponse
from connectors.sandbox.refusals import Missing, Refusal
from connectors.sandbox.store import Db
from connectors.sandbox.zendesk.ratings import rated

site = Blueprint("surveys", __name__)


@site.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return page("problem.html", status=404 if isinstance(refusal, Missing) else 422, message=str(refusal))


def _response(db: Db, response_id: str) -> SurveyResponse:
    """Raises Missing, also for a wrong token: a stranger learns nothing."""
    response = ratings.get(db, response_id)
    token = request.args.get("access_token", "")
    if not hmac.compare_digest(token.encode(), response.token.encode()):
        raise Missing("no such survey")
    return response


@site.get("/hc/<locale>/survey_responses/<response_id>")
def show(locale: str, response_id: str) -> Response:
    """Looking answers nothing; the rating in the link only chooses the button."""
    del locale
    with desk().file.reading() as db:
        response = _response(db, response_id)
    chosen = request.args.get("rating", type=int)
    return page("survey.html", response=response, chosen=chosen, thanks=False)


@site.post("/hc/<locale>/survey_responses/<response_id>")
def answer(locale: str, response_id: str) -> Response:
    del locale
    rating = request.form.get("rating", type=int)
    if rating is None or not 1 <= rating <= 5:
        return page("problem.html", status=422, message="Please choose one of the five.")
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        response = _response(db, response_id)
        ticket = tickets.get(db, response.ticket_id)
        comment = request.form.get("comment", "")[:2000]
        ratings.respond(db, response, rating=rating, comment=comment, now=helpdesk.now())
        rated(db, helpdesk, ticket, rating)
    return page("survey.html", response=response, chosen=rating, thanks=True)
