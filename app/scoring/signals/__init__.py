"""The registry of signals: one file per family, one line here. Nothing is read in this module."""

from __future__ import annotations

from types import MappingProxyType

from app.scoring.signals import acts, effort, ending, history, service, tone, waiting, wording
from app.scoring.signals.base import Effect, Family, Heard, Reading, Scope, Signal

FAMILIES: tuple[Family, ...] = (
    tone.FAMILY,
    acts.FAMILY,
    effort.FAMILY,
    service.FAMILY,
    wording.FAMILY,
    waiting.FAMILY,
    ending.FAMILY,
    history.FAMILY,
)

#: every signal by its name
REGISTRY = MappingProxyType({signal.name: signal for family in FAMILIES for signal in family.signals})

__all__ = ["FAMILIES", "REGISTRY", "Effect", "Family", "Heard", "Reading", "Scope", "Signal"]
