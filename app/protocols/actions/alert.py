"""The action `alert`: tell a colleague by e-mail, or another system by webhook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, post_load, validates_schema

from app.protocols import template
from app.protocols.actions.base import ActionKind, Alert, AlertKind, Effect, Planning
from app.protocols.actions.wording import values
from app.protocols.fields import Template, Text

LEAD = "lead"

DEFAULT_SUBJECT = "Ticket {{ ticket_id }} needs recovery"
DEFAULT_TEXT = (
    'The protocol "{{ protocol }}" opened a recovery case on ticket {{ ticket_id }}.\n'
    "State: {{ state | not known }}, score {{ score | not known }}.\n"
    "Case: {{ case_url | see the recovery queue }}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertParams:
    """Exactly one of `email` and `webhook` is given."""

    email: str | None = None  #: an address, or "lead"
    webhook: str | None = None  #: an https address, or the name of a webhook that the desk keeps
    subject: str = DEFAULT_SUBJECT
    text: str = DEFAULT_TEXT

    @property
    def target(self) -> str:
        return self.email or self.webhook or ""


class AlertSchema(Schema):
    email = Text(longest=254, load_default=None, allow_none=True)
    webhook = Text(longest=500, load_default=None, allow_none=True)
    subject = Template(longest=200, load_default=DEFAULT_SUBJECT)
    text = Template(longest=template.MAX_TEXT, lines=True, load_default=DEFAULT_TEXT)

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: dict[str, Any], **_: Any) -> None:
        email, webhook = data.get("email"), data.get("webhook")
        if email and webhook:
            raise ValidationError("must not be given beside email; write two alerts", "webhook")
        if email and not _is_recipient(email):
            raise ValidationError(f"must be an e-mail address or {LEAD}", "email")
        if webhook and not _is_webhook(webhook):
            raise ValidationError("must be an https address or the name of a webhook", "webhook")

    @validates_schema
    def check_target(self, data: dict[str, Any], **_: Any) -> None:
        if not data.get("email") and not data.get("webhook"):
            raise ValidationError("is missing, and webhook too: an alert needs a target", "email")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> AlertParams:
        return AlertParams(**data)


class AlertAction(ActionKind[AlertParams]):
    name: ClassVar[str] = "alert"
    label: ClassVar[str] = "Alert a colleague or another system"
    effect: ClassVar[Effect] = Effect.ALERT
    schema: ClassVar[type[Schema]] = AlertSchema

    def describe(self, params: AlertParams) -> str:
        if params.email == LEAD:
            return "Alert the team's leads by e-mail"
        return f"Alert {params.email} by e-mail" if params.email else f"Call the webhook {_shown(params.target)}"

    def plan(self, params: AlertParams, planning: Planning) -> Alert:
        known = values(planning)
        return Alert(
            kind=AlertKind.EMAIL if params.email else AlertKind.WEBHOOK,
            target=params.target,
            subject=" ".join(template.render(params.subject, known).split()),
            text=template.render(params.text, known),
            payload=_payload(planning),
        )


def _payload(planning: Planning) -> dict[str, str | int | None]:
    case = planning.case
    return {
        "event": "recovery_case_opened",
        "ticket_id": planning.ticket.id,
        "protocol": case.protocol,
        "score": case.score,
        "state": case.state and str(case.state),
        "cause": str(case.cause),
        "case_url": case.url,
        "at": planning.now.isoformat(),
    }


def _is_recipient(text: str) -> bool:
    if text == LEAD:
        return True
    local, at, domain = text.rpartition("@")
    plain = not any(letter.isspace() or letter in ',;<>()"' for letter in text)
    return bool(at and local and "." in domain.strip(".") and "@" not in local and plain)


def _is_webhook(text: str) -> bool:
    """Whether the address is reachable and allowed is checked when it is called, not here."""
    if "://" not in text:
        return all(letter.isalnum() or letter in " _-." for letter in text)
    try:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _shown(webhook: str) -> str:
    """The host alone: a webhook's path is often its password."""
    return urlsplit(webhook).hostname or "" if "://" in webhook else webhook
