"""Every action there is. A new one is a file beside this and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.protocols.actions.alert import AlertAction
from app.protocols.actions.assign import AssignAction
from app.protocols.actions.base import ActionKind
from app.protocols.actions.draft import DraftAction
from app.protocols.actions.field import FieldAction
from app.protocols.actions.macro import MacroAction
from app.protocols.actions.note import NoteAction
from app.protocols.actions.priority import PriorityAction
from app.protocols.actions.reply import ReplyAction
from app.protocols.actions.resurvey import ResurveyAction
from app.protocols.actions.status import StatusAction
from app.protocols.actions.tag import TagAction
from app.protocols.actions.task import TaskAction
from app.protocols.actions.vendor_notice import VendorNoticeAction
from app.protocols.protocol import Action

_ALL: tuple[ActionKind[Any], ...] = (
    TagAction(),
    NoteAction(),
    AssignAction(),
    MacroAction(),
    PriorityAction(),
    StatusAction(),
    FieldAction(),
    DraftAction(),
    ReplyAction(),
    TaskAction(),
    AlertAction(),
    VendorNoticeAction(),
    ResurveyAction(),
)

ACTIONS: Mapping[str, ActionKind[Any]] = MappingProxyType({kind.name: kind for kind in _ALL})


def kind_of(action: Action) -> ActionKind[Any]:
    """The action's kind; a protocol that was read from a document names only known ones."""
    return ACTIONS[action.do]
