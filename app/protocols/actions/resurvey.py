"""The action `resurvey`: ask the customer again once the ticket is solved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols.actions.base import ActionKind, Effect, Planning, SurveyPlan
from app.protocols.fields import Number, choice
from app.protocols.protocol import Channel, Resurvey

_BY: Mapping[Channel, str] = {
    Channel.AUTO: "",
    Channel.EMAIL: " by e-mail",
    Channel.COMMENT: " by a comment",
    Channel.HELPDESK: " by the helpdesk's own survey",
}


class ResurveySchema(Schema):
    after_hours = Number(low=0, high=720, load_default=24.0)
    channel = choice(Channel, load_default=Channel.AUTO)
    good_from = Number(low=0.01, high=1, load_default=0.6)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Resurvey:
        return Resurvey(**data)


class ResurveyAction(ActionKind[Resurvey]):
    name: ClassVar[str] = "resurvey"
    label: ClassVar[str] = "Ask the customer again after the resolution"
    effect: ClassVar[Effect] = Effect.SURVEY
    schema: ClassVar[type[Schema]] = ResurveySchema

    def describe(self, params: Resurvey) -> str:
        return f"Ask the customer again{_BY[params.channel]}, {params.after_hours:g} hours after the resolution"

    def plan(self, params: Resurvey, planning: Planning) -> SurveyPlan:
        return SurveyPlan(after=params.after, channel=params.channel, good_from=params.good_from)
