"""Criteria that admins ask for by name, right on every helpdesk's rating scale. What they mean is in `rules.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.protocols.protocol import Condition, Criteria, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A ready answer to "which tickets?", to be taken over into a document as its criteria and changed there."""

    name: str
    label: str  #: as a rule form shows it
    criteria: Criteria


def _preset(name: str, label: str, *conditions: tuple[str, str, Value]) -> Preset:
    rows = (Condition(field=field, operator=operator, value=value) for field, operator, value in conditions)
    return Preset(name=name, label=label, criteria=Criteria(all=tuple(rows)))


# Stars stand for every scale: `facts.stars` makes one to five of a good or bad, a 3-, 5-, 7- or 10-point rating.
_ALL = (
    _preset("below_five", "Any rating below five", ("rating_stars", "below", 5)),
    _preset("one_or_two_stars", "One or two stars", ("rating_stars", "at_most", 2)),
    _preset("poor_worsening", "Unhappy and getting worse", ("state", "is", "poor_worsening")),
    _preset("sudden_drop", "A drop of 20 points or more at one message", ("change", "at_most", -20)),
    _preset("repeat_failure", "A bad experience after another one", ("repeat_failure", "is", True)),
    _preset("may_leave", "The customer may be about to leave", ("churn_risk", "at_least", 0.5)),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
