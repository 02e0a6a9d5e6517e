"""The admins' manual is complete, and its example is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.protocols.actions.registry import ACTIONS
from app.protocols.document import plain_document, read_document
from app.protocols.facts import FACTS
from app.protocols.lint import DeskNames, lint_one
from app.protocols.presets import PRESETS
from app.protocols.rules import OPERATORS
from app.protocols.schema import FollowUpSchema, GuardrailsSchema, ProtocolSchema, TargetsSchema, WorkSchema
from app.protocols.template import PLACEHOLDERS

MANUAL = Path(__file__).parents[2] / "docs" / "protocols.md"


def example() -> str:
    return MANUAL.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]


def test_the_example_reads_and_lints_clean():
    found = lint_one(read_document(example()), DeskNames(groups=frozenset({"Recovery"})))

    assert found == []


@pytest.mark.parametrize(
    "names", [FACTS, OPERATORS, ACTIONS, PLACEHOLDERS], ids=["facts", "operators", "actions", "names"]
)
def test_every_name_that_a_document_may_use_is_in_the_manual(names):
    manual = MANUAL.read_text(encoding="utf-8")

    assert [name for name in names if f"`{name}`" not in manual] == []


def test_every_parameter_and_guardrail_is_in_the_manual():
    manual = MANUAL.read_text(encoding="utf-8")
    parameters = {name for kind in ACTIONS.values() for name in kind.schema().fields}
    rails = set(plain_document(read_document(example()))["guardrails"]) | {"rearm_hours"}

    assert sorted(name for name in parameters | rails if f"`{name}" not in manual) == []


def test_every_choice_of_a_field_is_in_the_manual():
    manual = MANUAL.read_text(encoding="utf-8")

    assert [choice for fact in FACTS.values() for choice in fact.choices if f"`{choice}`" not in manual] == []


def test_every_guardrail_target_and_preset_is_in_the_manual():
    manual = MANUAL.read_text(encoding="utf-8")
    schemas = (GuardrailsSchema, TargetsSchema, FollowUpSchema, WorkSchema, ProtocolSchema)
    names = {name for schema in schemas for name in schema().fields} | set(PRESETS)

    assert sorted(name for name in names if f"`{name}" not in manual) == []
