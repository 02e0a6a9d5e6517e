"""Names that greet somebody, and what is none."""

from __future__ import annotations

import pytest

from app.protocols.names import polite_name


@pytest.mark.capability("ACT-09")
@pytest.mark.parametrize(
    ("given", "greeted"),
    [
        ("Ada  Example", "Ada Example"),
        ("Zoë Ólafsdóttir-Example", "Zoë Ólafsdóttir-Example"),
        ("عائشة", "عائشة"),
        ("J. R. Example", "J. R. Example"),
        ("Ada\u202eelpmaxE\u2066", "AdaelpmaxE"),
        ("Ada 2", "Ada 2"),
        ("Guest Example", "Guest Example"),
        ("{{ link }}", ""),
        ("Win at www.example.org", ""),
        ("visit example.com now", ""),
        ("ada@example.com", ""),
        ("<b>Ada</b>", ""),
        ("Ada" * 30, ""),
        ("12345", ""),
        ("+49 30 0000000", ""),
        ("Unknown", ""),
        ("(unknown)", ""),
        ("CUSTOMER", ""),
        ("Customer 4711", ""),
        ("user_123456", ""),
        ("Unbekannt", ""),
        ("n/a", ""),
        ("", ""),
    ],
)
def test_a_greeting_uses_a_name_only_where_it_is_one(given: str, greeted: str) -> None:
    assert polite_name(given) == greeted
