"""The tables, one module per subject. Types from annotations, constraints named; no behaviour beyond properties.

Customers' words and secrets are in `sealed_...` columns and are opened by the module of their noun. Every table of a
desk carries `desk_id` itself, so that a query (and on PostgreSQL a row policy) can hold on to it.
"""

from __future__ import annotations

from app.store.models.access import ConsentRow, DeskAccess
from app.store.models.alert_chains import AlertCall, VendorItem
from app.store.models.audit import ApiTokenRow, AuditEntry
from app.store.models.calls import CallAnswer, CallCount
from app.store.models.casework import Deferral, Deviation, HumanOverride
from app.store.models.columns import (
    Base,
    DeliveryState,
    DeskScoped,
    DeskState,
    InvitationState,
    ModelState,
    OfferState,
    Role,
    StepState,
    UtcDateTime,
    VersionState,
)
from app.store.models.desks import Delivery, Desk, Refusal
from app.store.models.evaluations import EvaluationRow
from app.store.models.fates import ErasedPerson, Participant
from app.store.models.insight import CauseExample
from app.store.models.installed import InstalledThing
from app.store.models.learning import ExampleRow, Label, LearnedModel, Training
from app.store.models.people import Account, Launch, Membership, SignInFailure, SignInLink, Slot, WebSession
from app.store.models.recovery import DecisionRow, ProtocolRow, ProtocolVersion, RecoveryCase, StepRow
from app.store.models.rollbacks import ProtocolEvent, RollbackRow, RollbackTicket
from app.store.models.surveys import Answer, Invitation
from app.store.models.teams import AssignmentRow, MemberRow, TeamRow
from app.store.models.tickets import Message, Person, RatingRow, ScoreRow, TrackedTicket
from app.store.models.walks import Backfill, Reconcile, WebhookGap

__all__ = [
    "Account",
    "AlertCall",
    "Answer",
    "ApiTokenRow",
    "AssignmentRow",
    "AuditEntry",
    "Backfill",
    "Base",
    "CallAnswer",
    "CallCount",
    "CauseExample",
    "ConsentRow",
    "DecisionRow",
    "Deferral",
    "Delivery",
    "DeliveryState",
    "Desk",
    "DeskAccess",
    "DeskScoped",
    "DeskState",
    "Deviation",
    "ErasedPerson",
    "EvaluationRow",
    "ExampleRow",
    "HumanOverride",
    "InstalledThing",
    "Invitation",
    "InvitationState",
    "Label",
    "Launch",
    "LearnedModel",
    "MemberRow",
    "Membership",
    "Message",
    "ModelState",
    "OfferState",
    "Participant",
    "Person",
    "ProtocolEvent",
    "ProtocolRow",
    "ProtocolVersion",
    "RatingRow",
    "Reconcile",
    "RecoveryCase",
    "Refusal",
    "Role",
    "RollbackRow",
    "RollbackTicket",
    "ScoreRow",
    "SignInFailure",
    "SignInLink",
    "Slot",
    "StepRow",
    "StepState",
    "TeamRow",
    "TrackedTicket",
    "Training",
    "UtcDateTime",
    "VendorItem",
    "VersionState",
    "WebSession",
    "WebhookGap",
]
