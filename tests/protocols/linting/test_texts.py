"""What texts to customers and colleagues say, and what they must not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.linting.lines import lines
from tests.protocols.make import condition

SPEAKS = {"automation_may_speak": True, "max_apologies": 1}


def drafts(*texts: str, **changes: Any) -> list[str]:
    return lines(
        **{"actions": [{"do": "draft", "text": text} for text in texts], "guardrails": {"max_apologies": 1}} | changes
    )


def note(text: str) -> list[str]:
    return lines(actions=[{"do": "note", "text": text}])


@pytest.mark.capability("ACT-09")
class TestPlaceholders:
    def test_a_name_without_a_fallback_is_an_error_towards_the_customer(self):
        assert drafts("Hi {{ customer }}") == [
            'error: actions[0].text: "customer" may be empty; give a fallback, {{ customer | there }}'
        ]

    @pytest.mark.parametrize("do", ["task", "note"])
    def test_it_is_a_warning_towards_colleagues(self, do):
        (line,) = lines(actions=[{"do": do, "text": "Call {{ customer }}"}])

        assert line.startswith('warning: actions[0].text: "customer" may be empty')

    @pytest.mark.parametrize("text", ["Hi {name}", "Hi [Name]", "Hi [first name]", "Dear <customer>", "Hi %name%"])
    def test_placeholders_of_other_systems_would_reach_the_customer_as_they_are(self, text):
        (line,) = drafts(text)

        assert line.startswith("error: actions[0].text: ")
        assert "is no placeholder here" in line

    @pytest.mark.parametrize("text", ["Hi {{ customer | there }}", "See [1] below, 10 % sure", "a < b and b > c"])
    def test_plain_texts_pass(self, text):
        assert drafts(text) == []


@pytest.mark.capability("PRO-08")
class TestOrder:
    @pytest.mark.parametrize(
        "text",
        [
            "Your refund is on its way.",
            "We have sent a replacement.",
            "Die Erstattung ist unterwegs.",
            "Nous vous remboursons.",
            "Le enviamos un reembolso.",
        ],
    )
    def test_a_solution_without_an_acknowledgement_is_an_error(self, text):
        (line,) = drafts(text)

        assert line.startswith('error: actions[0].text: the solution ("')
        assert line.endswith("comes without an acknowledgement of what went wrong")

    def test_a_solution_before_the_acknowledgement_is_an_error(self):
        assert drafts("We refund you. We are sorry.") == [
            'error: actions[0].text: the solution ("refund") comes before an acknowledgement of what went wrong'
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "This should not have happened. We have sent a replacement.",
            "Es tut uns sehr leid. Die Erstattung ist unterwegs.",
            "C'est notre erreur. Nous vous remboursons.",
            "Lo sentimos. Le enviamos un reembolso.",
            "We look into it and write again tomorrow.",
            "We are preparing the label, and a colleague writes to you today.",
            "Estamos preparando la etiqueta.",
            "Is your question resolved? Please tell us.",
        ],
    )
    def test_acknowledgement_first_passes(self, text):
        assert drafts(text) == []

    def test_an_acknowledgement_in_an_earlier_text_counts(self):
        assert drafts("That was our mistake.", "Your refund is on its way.") == []

    def test_notes_to_colleagues_need_none(self):
        assert note("Refund what the customer paid for shipping.") == []


@pytest.mark.capability("N9")
class TestApologies:
    def test_a_draft_that_apologises_wants_a_cap(self):
        assert drafts("We are sorry.", guardrails={}) == [
            "warning: guardrails.max_apologies: is missing; actions[0].text apologises, and repeated apologies do harm"
        ]

    def test_without_anybody_looking_it_over_it_is_an_error(self):
        reply = {"do": "reply", "text": "Es tut uns leid."}

        (line,) = lines(actions=[reply], guardrails={"automation_may_speak": True})

        assert line.startswith("error: guardrails.max_apologies: is missing")

    def test_a_macro_by_its_title_counts_too(self):
        (line,) = lines(actions=[{"do": "macro", "macro": "Apology and refund"}])

        assert "actions[0].macro apologises" in line

    def test_a_cap_is_all_it_takes(self):
        assert lines(actions=[{"do": "reply", "text": "Sorry!"}], guardrails=SPEAKS) == []

    @pytest.mark.parametrize("text", ["It won't happen again.", "We will do better.", "Das wird nicht mehr vorkommen."])
    def test_a_promise_to_do_better_names_no_change(self, text):
        (line,) = drafts(text)

        assert line.startswith("warning: actions[0].text: promises better")

    def test_a_promise_with_a_link_to_the_change_passes(self):
        assert drafts("It won't happen again: https://example.com/changes") == []


@pytest.mark.capability("N9")
class TestWithheld:
    """What would be withheld every time, by the same rules that withhold it."""

    @pytest.mark.parametrize(
        ("texts", "path", "reason"),
        [
            (["It will never happen again."], "actions[0].text", "it vows to do better without a link"),
            (["We are working on it, because of snow."], "actions[0].text", "it tells both a status and an"),
            (
                ["Quick update: we look.", "It was late because of snow."],
                "actions[1].text",
                "the customer has been given",
            ),
        ],
    )
    def test_replies_are_errors(self, texts, path, reason):
        (line,) = lines(actions=[{"do": "reply", "text": text} for text in texts], guardrails=SPEAKS)

        assert line.startswith(f"error: {path}: would never be sent: {reason}")

    def test_an_apology_where_none_is_allowed_is_an_error(self):
        (line,) = lines(actions=[{"do": "reply", "text": "Sorry!"}], guardrails=SPEAKS | {"max_apologies": 0})

        assert line.startswith("error: actions[0].text: would never be sent: it apologises")

    def test_a_draft_is_left_to_the_agent(self):
        assert drafts("Quick update: it was late because of snow.") == []


@pytest.mark.capability("PRV-08", "N8")
class TestOffers:
    TIED = "error: actions[0].text: ties an offer to a rating or a review; keep the two apart"

    @pytest.mark.parametrize(
        "text",
        [
            "Sorry! Change your review and get a 10 % discount.",
            "Sorry! We give you a voucher. Please leave us a good review.",
            "Sorry! Rate us again for a refund.",
            "Entschuldigung! Sie bekommen einen Gutschein, wenn Sie die Bewertung löschen.",
            "Désolés et excuses ! Modifiez votre avis et nous offrons un bon d'achat.",
            "Lo sentimos. Cambie su reseña y reciba un descuento.",
        ],
    )
    def test_an_offer_for_a_review_is_an_error(self, text):
        assert drafts(text) == [self.TIED]

    def test_colleagues_are_not_told_to_trade_either(self):
        assert note("Offer 10 % if they change the rating.") == [self.TIED]

    @pytest.mark.parametrize(
        "text",
        [
            "Never give a discount for changing a review.",
            "The customer gave 1 of 5 stars. Ask what would put it right.\nA refund needs the lead's word.",
        ],
    )
    def test_guidance_that_keeps_them_apart_passes(self, text):
        assert note(text) == []

    def test_an_offer_for_good_ratings_alone_is_an_error(self):
        found = lines(
            criteria={"all": [condition("rating_stars", "at_least", 4)]},
            actions=[{"do": "note", "text": "Send a voucher"}],
        )

        assert found == [
            "error: criteria: give the offer of actions[0].text for a good rating alone; an offer must not reward one"
        ]

    def test_an_offer_on_public_reviews_is_an_error(self):
        found = lines(
            criteria={"any": [condition("channel", "one_of", ["email", "Review"])]},
            actions=[{"do": "macro", "macro": "Refund"}],
        )

        assert found == ["error: criteria.any[0]: ties the offer of actions[0].macro to a public review"]

    def test_putting_a_bad_rating_right_is_no_reward(self):
        found = lines(
            criteria={"all": [condition("rating_stars", "at_most", 2)]},
            actions=[{"do": "note", "text": "Offer a refund of the shipping"}],
        )

        assert found == []
