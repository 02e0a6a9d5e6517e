"""The action `alert`: tell a colleague by e-mail, another system by webhook, or a Slack channel; and if nobody takes
it, the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from app.protocols import template
from app.protocols.actions import targets
from app.protocols.actions.base import ActionKind, Alert, AlertKind, Effect, Link, Planning
from app.protocols.actions.wording import values
from app.protocols.fields import Number, Template, Text

LEAD = "lead"
MAX_LINKS = 9  #: after the first alert

DEFAULT_SUBJECT = "Ticket {{ ticket_id }} needs recovery"
DEFAULT_TEXT = (
    'The protocol "{{ protocol }}" opened a recovery case on ticket {{ ticket_id }}.\n'
    "State: {{ state | not known }}, score {{ score | not known }}.\n"
    "Case: {{ case_url | see the recovery queue }}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationParams:
    """Whom to tell, and how long they have. Exactly one of `email`, `webhook` and `slack` is given."""

    email: str | None = None  #: an address, or "lead"
    webhook: str | None = None  #: an https address, or the name of a webhook that the desk keeps
    slack: str | None = None  #: the same of a webhook that takes Slack's messages
    acknowledge_minutes: int | None = None  #: of every day and night; None asks for no acknowledgement

    @property
    def link(self) -> Link:
        """The same as a value that can be sent to."""
        kind = next(kind for kind in AlertKind if getattr(self, kind))
        return Link(kind=kind, target=getattr(self, kind), acknowledge_minutes=self.acknowledge_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertParams(EscalationParams):
    then: tuple[EscalationParams, ...] = ()  #: who is told next while nobody has acknowledged it
    subject: str = DEFAULT_SUBJECT
    text: str = DEFAULT_TEXT


class EscalationSchema(Schema):
    email = Text(longest=254, load_default=None, allow_none=True)
    webhook = Text(longest=500, load_default=None, allow_none=True)
    slack = Text(longest=500, load_default=None, allow_none=True)
    acknowledge_minutes = Number(low=1, high=10_080, whole=True, load_default=None, allow_none=True)

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: dict[str, Any], **_: Any) -> None:
        targets.check_only_one(data, tuple(AlertKind), "write two alerts")
        email = data.get("email")
        if email and email != LEAD and not targets.is_address(email):
            raise ValidationError(f"must be an e-mail address or {LEAD}", "email")
        targets.check_webhook(data, "webhook")
        targets.check_webhook(data, "slack")

    @validates_schema
    def check_target(self, data: dict[str, Any], **_: Any) -> None:
        if not any(data.get(way) for way in AlertKind):
            raise ValidationError("is missing, and webhook and slack too: an alert needs a target", "email")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> EscalationParams:
        return EscalationParams(**data)


class AlertSchema(EscalationSchema):
    then = fields.List(fields.Nested(EscalationSchema), load_default=[])
    subject = Template(longest=200, load_default=DEFAULT_SUBJECT)
    text = Template(longest=template.MAX_TEXT, lines=True, load_default=DEFAULT_TEXT)

    @validates_schema
    def check_chain(self, data: dict[str, Any], **_: Any) -> None:
        chain: list[EscalationParams] = data["then"]
        if len(chain) > MAX_LINKS:
            raise ValidationError(f"must have at most {MAX_LINKS}, has {len(chain)}", "then")
        if chain and data["acknowledge_minutes"] is None:
            raise ValidationError("is missing; then says who is told when nobody acknowledges", "acknowledge_minutes")
        endless = [i for i, link in enumerate(chain[:-1]) if link.acknowledge_minutes is None]
        if endless:
            missing = {"acknowledge_minutes": ["is missing; another one comes after this"]}
            raise ValidationError({"then": dict.fromkeys(endless, missing)})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> AlertParams:
        return AlertParams(**data | {"then": tuple(data["then"])})


class AlertAction(ActionKind[AlertParams]):
    name: ClassVar[str] = "alert"
    label: ClassVar[str] = "Alert a colleague or another system"
    effect: ClassVar[Effect] = Effect.ALERT
    schema: ClassVar[type[Schema]] = AlertSchema

    def describe(self, params: AlertParams) -> str:
        first = told_line(params)
        within = params.acknowledge_minutes
        if within is None:
            return first
        chain = [f"then {told_line(link)[0].lower()}{told_line(link)[1:]}" for link in params.then]
        return "; ".join([f"{first}, to be acknowledged within {within} minutes", *chain])

    def plan(self, params: AlertParams, planning: Planning) -> Alert:
        known = values(planning)
        return Alert(
            kind=params.link.kind,
            target=params.link.target,
            subject=" ".join(template.render(params.subject, known).split()),
            text=template.render(params.text, known),
            payload=targets.payload("recovery_case_opened", planning),
            acknowledge_minutes=params.acknowledge_minutes,
            then=tuple(link.link for link in params.then),
        )


def told_line(params: EscalationParams) -> str:
    """Whom one link of the chain tells, as an instruction; a webhook by its host alone."""
    link = params.link
    if link.kind is AlertKind.WEBHOOK:
        return f"Call the webhook {targets.shown(link.target)}"
    if link.kind is AlertKind.SLACK:
        return f"Alert the Slack channel behind {targets.shown(link.target)}"
    return "Alert the team's leads by e-mail" if link.target == LEAD else f"Alert {link.target} by e-mail"
