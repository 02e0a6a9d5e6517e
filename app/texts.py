"""Messages to people, from templates/messages. Values in, text out: nothing is sent, stored or looked up here.

The templates are our own files, so Jinja is safe for them; what people typed is only ever a value, cleaned first.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.protocols.names import one_line, polite_name
from app.settings import CHECKOUT

FOLDER = CHECKOUT / "templates" / "messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A message ready to be sent as plain text, with the headers that belong to its kind."""

    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFacts:
    """What a survey e-mail may say. It never says what the trouble was: others may read over the shoulder."""

    name: str = ""  #: the customer's, as the helpdesk has it
    desk: str = ""  #: the name the customer knows the company by
    solved_at: datetime | None = None
    link: str = field(repr=False)
    once: bool = True  #: the link takes one answer; else a given one can be changed
    opt_out_link: str


def survey_mail(facts: SurveyFacts) -> Text:
    """The question whether it is right now; asks everybody the same, and promises nothing for any answer."""
    message = _message(
        "survey_mail.txt",
        name=polite_name(facts.name),
        desk=one_line(facts.desk),
        solved_on=_day(facts.solved_at),
        link=facts.link,
        once=facts.once,
        opt_out_link=facts.opt_out_link,
    )
    headers = {"List-Unsubscribe": f"<{facts.opt_out_link}>"}
    if facts.opt_out_link.startswith("https:"):  # the one-click form is only defined for https (RFC 8058)
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return Text(subject=message.subject, text=message.text, headers=headers)


def survey_comment(link: str, *, once: bool = True) -> str:
    """The same question as a public comment, marked as a survey, since colleagues and people in copy read it too."""
    return _render("survey_comment.txt", link=link, once=once).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """What a lead is told. `text` is the protocol's own, and comes without the customer's words."""

    subject: str
    text: str
    desk: str = ""
    ticket_link: str = ""
    case_link: str = ""
    acknowledge_link: str = field(default="", repr=False)
    minutes: int | None = None  #: to acknowledge it in, before the next one is told


def lead_alert(facts: AlertFacts) -> Text:
    """The alert as a mail."""
    return _message(
        "lead_alert.txt",
        subject=one_line(facts.subject),
        text=_lines(facts.text),
        desk=one_line(facts.desk),
        ticket_link=facts.ticket_link,
        case_link=facts.case_link,
        acknowledge_link=facts.acknowledge_link,
        minutes=str(facts.minutes or ""),
    )


def slack_alert(facts: AlertFacts) -> dict[str, str]:
    """The alert as a message for an incoming webhook of Slack's, or of whatever takes the same form.

    https://docs.slack.dev/messaging/formatting-message-text says that these three characters have to be escaped; what
    is left of them could otherwise call everybody in the channel.
    """
    lines = [f"*{_for_slack(one_line(facts.subject))}*", _for_slack(_lines(facts.text))]
    if facts.acknowledge_link:
        within = f" (within {facts.minutes} minutes)" if facts.minutes else ""
        lines.append(f"<{facts.acknowledge_link}|I take it>{within}")
    return {"text": "\n".join(lines)}


def _for_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFacts:
    """What somebody who deals with a vendor is told. `text` is the protocol's own."""

    subject: str
    text: str
    ticket_id: str
    case_link: str


def vendor_notice(facts: VendorFacts) -> Text:
    """The notice as a mail."""
    return _message(
        "vendor_notice.txt",
        subject=one_line(facts.subject),
        text=_lines(facts.text),
        ticket_id=facts.ticket_id,
        case_link=facts.case_link,
    )


def alert_payload(kind: str, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook's JSON body as Standard Webhooks has it: `kind` is dotted ("case.opened"), `data` holds ids and
    numbers."""
    return {"type": kind, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": dict(data)}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationFacts:
    """What a new colleague is told."""

    name: str = ""
    role: str
    desk: str = ""
    invited_by: str = ""
    link: str
    expires_at: datetime


def invitation_mail(facts: InvitationFacts) -> Text:
    return _message(
        "invitation_mail.txt",
        name=polite_name(facts.name),
        role=one_line(facts.role),
        desk=one_line(facts.desk),
        invited_by=one_line(facts.invited_by),
        link=facts.link,
        expires_on=_day(facts.expires_at),
    )


def _lines(text: str) -> str:
    return "\n".join(one_line(line) for line in text.splitlines())


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.day} {moment:%B %Y}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(("html",), default_for_string=True),
        undefined=StrictUndefined,
    )


def _render(template: str, /, **values: str | bool) -> str:
    return _environment().get_template(template).render(**values)


def _message(template: str, /, **values: str | bool) -> Text:
    """The first line is the subject, an empty one follows, the rest is the text, a line for each paragraph."""
    head, _, text = _render(template, **values).partition("\n\n")
    wrapped = "\n".join(_wrap(line) for line in text.splitlines())
    return Text(subject=head.removeprefix("Subject: ").strip(), text=re.sub(r"\n{3,}", "\n\n", wrapped).strip() + "\n")


def _wrap(line: str) -> str:
    """Lines as mail programs like them; a link stays whole, whatever its length."""
    return textwrap.fill(line, width=72, break_long_words=False, break_on_hyphens=False)
