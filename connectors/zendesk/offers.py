"""Offers of Zendesk's own survey by API: which survey, for whom, and the link. Reading answers is next door, in
`ratings.py`.

A link's access token lets anyone answer as the responder, so nothing of an answer with a link gets into an error.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connectors.answers import number
from connectors.errors import Conflict, NoSurvey, NotFound, Refused, Unavailable
from connectors.ticket import SurveyLink, Ticket

RESPONSES = "guide/survey_responses"
LOCALE = "en-us"  #: of a survey page for somebody whose own is not known
_PAGE = "100"
#: A path on the helpdesk's own site and nothing that would lead away from it, or break out of a line of a message.
_PATH = re.compile(r"/(?!/)[\w./~%-]+\?[\w.=&~%+-]+", re.ASCII)


class Get(Protocol):
    def __call__(self, path: str, params: Mapping[str, str], *, of: str = "") -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Makes and finds offers; `site` is where customers reach the help centre."""

    get: Get
    post: Callable[[str, Mapping[str, Any]], dict[str, Any]]
    site: str

    def make(self, ticket: Ticket, survey_id: str | None) -> SurveyLink:
        """See `connectors.base.Connector.offer_survey`: one call, and up to two more to find out which survey."""
        with _here():
            wanted = {
                "locale": (ticket.requester.locale or LOCALE).lower(),
                "responder_id": number(ticket.requester.id),
                "subject_zrns": [_zrn(ticket.id)],
                "survey_id": survey_id or self._usual(ticket.id),
            }
            answer = self.post(RESPONSES, {"survey_response": wanted})
        return self._read(answer)

    def find(self, ticket_id: str, since: datetime) -> str | None:
        """See `connectors.base.Connector.find_offer`: one call."""
        start = str(int(since.timestamp() * 1000))
        with _here():
            found = self._listed(ticket_id, {"filter[created_at_start]": start})
        return str(found[0]["id"]) if found else None

    def _usual(self, ticket_id: str) -> str:
        """The survey that was offered last: on this ticket, else in this account. Raises NoSurvey."""
        for of in (ticket_id, ""):
            for response in self._listed(of, {}):
                survey = response.get("survey")
                if isinstance(survey, Mapping) and survey.get("id") and survey.get("state", "enabled") == "enabled":
                    return str(survey["id"])
        raise NoSurvey("no survey of this account is known")

    def _listed(self, ticket_id: str, params: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        """Survey responses on a ticket, or on any, the newest first."""
        about = {"filter[subject_zrns]": _zrn(ticket_id)} if ticket_id else {}
        body = self.get(RESPONSES, {**about, **params, "sort": "-id", "page[size]": _PAGE}, of=ticket_id)
        rows = body.get("survey_responses")
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.get("id") for row in rows):
            raise Unavailable("the helpdesk's answer has no list of survey responses")
        return rows

    def _read(self, answer: Mapping[str, Any]) -> SurveyLink:
        """The id and the link, wrapped or not: the vendor's pages show both. Raises Unavailable, as one was made."""
        made = answer.get("survey_response", answer)
        links = made.get("links") if isinstance(made, Mapping) else None
        path = links.get("url_path") if isinstance(links, Mapping) else None
        response_id = made.get("id") if isinstance(made, Mapping) else None
        if not response_id or not isinstance(path, str) or _PATH.fullmatch(path) is None:
            raise Unavailable("the helpdesk's answer has no link to its survey", sent=True)
        return SurveyLink(id=str(response_id), url=f"{self.site}{path}")


@contextmanager
def _here() -> Iterator[None]:
    """Turn every no but one to our credentials into NoSurvey: by plan, by role, for this survey, or for this person."""
    try:
        yield
    except NoSurvey:
        raise
    except (NotFound, Conflict, Refused) as error:
        if isinstance(error, Refused) and error.auth:
            raise
        raise NoSurvey(str(error)) from error


def _zrn(ticket_id: str) -> str:
    return f"zen:ticket:{number(ticket_id)}"
