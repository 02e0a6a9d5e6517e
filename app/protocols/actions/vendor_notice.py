"""The action `vendor_notice`: have whoever deals with the vendor look into its part, beside the customer's case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, post_load, validates_schema

from app.protocols import template
from app.protocols.actions import targets
from app.protocols.actions.base import ActionKind, Alert, AlertKind, Effect, Lookup, Need, Planning, VendorNotice
from app.protocols.actions.wording import values
from app.protocols.fields import Template, Text

_WAYS = ("group", "email", "webhook")


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorNoticeParams:
    """Exactly one of `group`, `email` and `webhook` is given."""

    group: str | None = None  #: by name or id; it gets a ticket of its own
    email: str | None = None  #: an address
    webhook: str | None = None  #: an https address, or the name of a webhook that the desk keeps
    text: str


class VendorNoticeSchema(Schema):
    group = Text(longest=100, load_default=None, allow_none=True)
    email = Text(longest=254, load_default=None, allow_none=True)
    webhook = Text(longest=500, load_default=None, allow_none=True)
    text = Template(longest=template.MAX_TEXT, lines=True, required=True)

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: dict[str, Any], **_: Any) -> None:
        targets.check_only_one(data, _WAYS, "write two vendor notices")
        email = data.get("email")
        if email and not targets.is_address(email):
            raise ValidationError("must be an e-mail address", "email")
        targets.check_webhook(data, "webhook")

    @validates_schema
    def check_target(self, data: dict[str, Any], **_: Any) -> None:
        if not any(data.get(way) for way in _WAYS):
            raise ValidationError("is missing, and email and webhook too: a notice needs somebody to go to", "group")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> VendorNoticeParams:
        return VendorNoticeParams(**data)


class VendorNoticeAction(ActionKind[VendorNoticeParams]):
    name: ClassVar[str] = "vendor_notice"
    label: ClassVar[str] = "Open a vendor item"
    effect: ClassVar[Effect] = Effect.VENDOR
    schema: ClassVar[type[Schema]] = VendorNoticeSchema

    def needs(self, params: VendorNoticeParams, team: str | None) -> tuple[Lookup, ...]:
        return (Lookup(need=Need.GROUPS, name=params.group),) if params.group else ()

    def describe(self, params: VendorNoticeParams) -> str:
        if params.group:
            return f"Open a vendor item for group {params.group}"
        told = params.email or targets.shown(params.webhook or "")
        return f"Open a vendor item and tell {told} by {'e-mail' if params.email else 'webhook'}"

    def plan(self, params: VendorNoticeParams, planning: Planning) -> VendorNotice:
        text = template.render(params.text, values(planning))
        vendor = planning.case.vendor
        subject = f"{vendor or 'Vendor'}: what went wrong on ticket {planning.ticket.id}"
        if params.group:
            return VendorNotice(subject=subject, text=text, vendor=vendor, group_id=planning.group(params.group).id)
        alert = Alert(
            kind=AlertKind.EMAIL if params.email else AlertKind.WEBHOOK,
            target=params.email or params.webhook or "",
            subject=subject,
            text=text,
            payload=targets.payload("vendor_item_opened", planning) | {"vendor": vendor or None, "text": text},
        )
        return VendorNotice(subject=subject, text=text, vendor=vendor, alert=alert)
