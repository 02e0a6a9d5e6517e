"""Messages to people say what they must, never what they must not, and survive odd names."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from app import texts

LINK, WAY_OUT = "https://kintsugi.example.com/s/abc", "https://kintsugi.example.com/s/def/stop"
FACTS = texts.SurveyFacts(
    name="Ada Example",
    desk="Example shop",
    solved_at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC),
    link=LINK,
    opt_out_link=WAY_OUT,
)
BARE = texts.SurveyFacts(link=LINK, opt_out_link=WAY_OUT)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_survey_mail_refers_to_the_recovery() -> None:
    mail = texts.survey_mail(FACTS)

    said = flat(mail.text)
    assert mail.subject == "Did we put it right?"
    assert said.startswith("Hello Ada Example, you asked Example shop for help, and it did not go as well as it should")
    assert "On 2 March 2026 we marked your request as solved." in said


def test_survey_mail_gives_the_question_and_the_way_out_a_line_each() -> None:
    lines = texts.survey_mail(FACTS).text.splitlines()

    assert LINK in lines
    assert WAY_OUT in lines


def test_survey_mail_offers_free_text() -> None:
    assert "room for a few words" in flat(texts.survey_mail(FACTS).text)


def test_a_link_that_can_be_used_again_is_not_said_to_work_once() -> None:
    ours, theirs = (texts.survey_mail(replace(FACTS, once=once)).text for once in (True, False))

    assert "works once" in flat(ours)
    assert "The link is meant for you and asks for no name." in flat(theirs)
    assert "works once" not in texts.survey_comment(LINK, once=False)


@pytest.mark.parametrize("message", [texts.survey_mail(FACTS).text, texts.survey_comment(LINK)])
def test_no_survey_promises_anything_for_an_answer(message: str) -> None:
    banned = r"(?i)\b(reward|voucher|discount|gift|prize|win|bonus|5 stars|five stars|positive|happy)\b"

    assert re.search(banned, message) is None
    assert "critical one most of all" in flat(message)


def test_survey_mail_falls_back_where_little_is_known() -> None:
    said = flat(texts.survey_mail(BARE).text)

    assert said.startswith("Hello, you asked us for help")
    assert "We marked your request as solved." in said


def test_survey_mail_can_be_stopped_by_the_mail_program() -> None:
    headers = texts.survey_mail(BARE).headers

    assert headers == {
        "List-Unsubscribe": f"<{WAY_OUT}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_one_click_way_out_is_not_announced_without_https() -> None:
    facts = replace(BARE, opt_out_link="http://127.0.0.1:8000/s/def/stop")

    assert "List-Unsubscribe-Post" not in texts.survey_mail(facts).headers


def test_survey_comment_is_marked_and_says_who_it_is_for() -> None:
    comment = texts.survey_comment(LINK)

    assert comment.startswith("[Survey] ")
    assert LINK in comment.splitlines()
    assert "meant for the person who asked for help" in comment


def test_lead_alert_holds_the_protocols_words_and_the_links() -> None:
    facts = texts.AlertFacts(
        subject="Ticket 7\r\nBcc: everybody@example.com",
        text="Score 12.\nNobody has answered for two days.",
        desk="Example shop",
        ticket_link="https://example.zendesk.example/agent/tickets/7",
        case_link="https://kintsugi.example.com/cases/3",
    )

    alert = texts.lead_alert(facts)

    assert alert.subject == "Ticket 7 Bcc: everybody@example.com"
    assert alert.text.startswith("Score 12.\nNobody has answered for two days.\n\nThe ticket: https://")
    assert "The whole story: https://kintsugi.example.com/cases/3" in alert.text
    assert "recovery at Example shop go to you." in alert.text


def test_lead_alert_leaves_out_what_it_does_not_have() -> None:
    alert = texts.lead_alert(texts.AlertFacts(subject="Ticket 7", text="Score 12."))

    assert alert.text == "Score 12.\n\nYou get this because alerts about recovery go to you.\n"


def test_alert_payload_has_the_standard_form() -> None:
    payload = texts.alert_payload("case.opened", datetime(2026, 3, 2, 9, tzinfo=UTC), {"ticket_id": "7"})

    assert payload == {"type": "case.opened", "timestamp": "2026-03-02T09:00:00Z", "data": {"ticket_id": "7"}}


def test_invitation_names_role_and_end() -> None:
    facts = texts.InvitationFacts(
        name="Bo", role="lead", desk="Example shop", link=LINK, expires_at=datetime(2026, 3, 5, tzinfo=UTC)
    )

    said = flat(texts.invitation_mail(facts).text)

    assert said.startswith("Hello Bo, an account was made for you for Kintsugi at Example shop, with the role lead.")
    assert "works once, until 5 March 2026" in said


def test_invitation_says_who_invites() -> None:
    facts = texts.InvitationFacts(
        role="agent", invited_by="admin@example.com", link=LINK, expires_at=datetime(2026, 3, 5, tzinfo=UTC)
    )

    assert "admin@example.com has made you an account for Kintsugi, with the role" in flat(
        texts.invitation_mail(facts).text
    )


def test_name_is_never_read_as_a_template() -> None:
    mail = texts.survey_mail(replace(FACTS, desk="{{ link }} {% raw %}"))

    assert "{{ link }} {% raw %}" in flat(mail.text)


def test_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        texts._render("survey_mail.txt", name="Ada")


@pytest.mark.parametrize("template", sorted(texts.FOLDER.glob("*.txt")), ids=lambda path: path.name)
def test_every_template_is_used(template: Path) -> None:
    source = Path(texts.__file__).read_text(encoding="utf-8")

    assert f'"{template.name}"' in source
