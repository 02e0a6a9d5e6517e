"""Messages to people, from templates/messages. Values in, text out: nothing is sent, stored or looked up here.

The templates are our own files, so Jinja is safe for them; what people typed is only ever a value, cleaned first.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.settings import CHECKOUT

FOLDER = CHECKOUT / "templates" / "messages"
LONGEST_NAME = 60


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


def lead_alert(facts: AlertFacts) -> Text:
    return _message(
        "lead_alert.txt",
        subject=one_line(facts.subject),
        text=_lines(facts.text),
        desk=one_line(facts.desk),
        ticket_link=facts.ticket_link,
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


def polite_name(name: str) -> str:
    """A name to greet somebody by; empty where what we have is no name.

    People type their own names into a helpdesk, so one that holds an address or a link could make us send it on.
    """
    plain = one_line(name)
    suspicious = re.search(r"[@/\\<>{}\[\]]|www\.|\.[a-z]{2,}\b", plain, re.IGNORECASE)
    if suspicious or len(plain) > LONGEST_NAME or not any(letter.isalpha() for letter in plain):
        return ""
    return plain


def one_line(text: str) -> str:
    """Without line breaks, control and direction characters, which could reorder what stands around them."""
    return " ".join("".join(" " if c.isspace() else c for c in text if _harmless(c)).split())


def _lines(text: str) -> str:
    return "\n".join(one_line(line) for line in text.splitlines())


def _harmless(character: str) -> bool:
    # Joiners are format characters too, but emoji and several scripts cannot be written without them.
    return character.isspace() or character in "\u200c\u200d" or unicodedata.category(character)[0] != "C"


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
