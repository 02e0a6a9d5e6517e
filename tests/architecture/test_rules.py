"""The checkout keeps the rules of the house."""

from __future__ import annotations

import pytest

from tests.architecture.rules import RULES
from tests.architecture.source import ROOT


@pytest.mark.parametrize("rule", RULES)
def test_the_checkout_keeps_the_rule(rule: str) -> None:
    assert RULES[rule](ROOT) == []
