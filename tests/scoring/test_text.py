"""What is left of a message once quotes, signatures and machines' words are gone."""

from __future__ import annotations

import time

import pytest

from app.scoring.text import LONGEST, clean

COMPLAINT = "My order is late and nobody answers."

HISTORIES = {
    "english": "On Mon, 2 Mar 2026 at 10:00, Support <help@example.com> wrote:\n> We are sorry.\n> Terrible weather.",
    "english, wrapped": "On Mon, 2 Mar 2026 at 10:00, Support\n<help@example.com>\nwrote:\n\nWe are sorry.",
    "german": "Am 02.03.2026 um 10:00 schrieb Support:\n> Das tut uns leid.",
    "spanish": "El lun, 2 mar 2026 a las 10:00, Soporte escribió:\n> Lo sentimos.",
    "french": "Le lun. 2 mars 2026 à 10:00, Service a écrit :\n> Nous sommes désolés.",
    "italian": "Il giorno lun 2 mar 2026 alle ore 10:00 Servizio ha scritto:\n> Ci dispiace.",
    "portuguese": "Em seg., 2 de mar. de 2026 às 10:00, Suporte escreveu:\n> Lamentamos.",
    "dutch": "Op ma 2 mrt 2026 om 10:00 schreef Support:\n> Het spijt ons.",
    "original message": "-----Original Message-----\nFrom: Support\nWe are sorry.",
    "german original": "-----Ursprüngliche Nachricht-----\nVon: Support\nEs tut uns leid.",
    "forwarded": "---------- Forwarded message ---------\nFrom: Support\nSorry.",
    "outlook rule": "________________________________\nFrom: Support\nSorry.",
    "outlook headers": "From: Support <help@example.com>\nSent: Monday\nTo: Somebody\nSubject: Re: order\n\nSorry.",
    "helpdesk line": "##- Please type your reply above this line -##\nOur earlier answer.",
    "bare quotes": "> We are sorry.\n> This is terrible.",
}

ENDINGS = {
    "dashes": "--\nSome Body\nExample Street 1",
    "regards": "Kind regards,\nSome Body\n+00 000",
    "regards with name": "Best regards, Some Body",
    "german": "Mit freundlichen Grüßen\nSome Body",
    "spanish": "Saludos cordiales,\nSome Body",
    "french": "Cordialement,\nSome Body",
    "phone": "Sent from my phone",
    "phone, german": "Von meinem Telefon gesendet",
    "thanks and a name": "Thanks,\nSome Body",
    "disclaimer": "This e-mail and any attachment is confidential and intended for the addressee.",
    "not the recipient": "If you are not the intended recipient, delete this mail at once.",
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
def test_quoted_history_is_left_out(history: str) -> None:
    cleaned = clean(f"{COMPLAINT}\n\n{history}")

    assert cleaned.text == COMPLAINT
    assert cleaned.dropped == ("quoted history",)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_signatures_and_disclaimers_are_left_out(ending: str) -> None:
    cleaned = clean(f"{COMPLAINT}\n\n{ending}")

    assert cleaned.text == COMPLAINT
    assert cleaned.dropped in {("signature",), ("disclaimer",)}


@pytest.mark.parametrize(
    "text",
    [
        "Kind regards to your team, but my order is late.",
        "Thanks\nbut it is still broken and I want my money.",
        "On Monday I wrote to you and nobody answered.",
        "From: your shop I expect more.",
        "On " * 300 + "wrote:",
        "Thanks!",
        "It broke.\nRegards to all of you who have been waiting as long as I have for this very parcel to come, too",
        "Le train est en retard.",
    ],
)
def test_words_that_only_look_like_a_frame_stay(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.text == text.strip()
    assert cleaned.dropped == ()


def test_an_answer_below_the_quote_is_kept() -> None:
    text = "On Mon, Support wrote:\n> When did you order?\n\nLast week.\n> And the number?\n1234"

    assert clean(text).text == "Last week.\n1234"


def test_a_postscript_below_the_signature_is_kept() -> None:
    cleaned = clean("It broke.\n\nKind regards,\nSome Body\nPS: I want a refund.")

    assert cleaned.text == "It broke.\n\nPS: I want a refund."


@pytest.mark.parametrize(
    "text",
    [
        "Automatic reply: Order 12\nI am away.",
        "Out of Office: back on Monday",
        "Hello, I am currently out of the office until Monday.",
        "Abwesenheitsnotiz\nIch bin bis Montag weg.",
        "Ich bin derzeit nicht im Büro.",
        "Réponse automatique : absence",
        "Respuesta automática: vuelvo el lunes",
        "Undeliverable: your message",
        "This is an automated message from example.org.",
    ],
)
def test_an_auto_reply_is_recognised(text: str) -> None:
    assert clean(text).is_auto_reply


@pytest.mark.parametrize(
    "text", ["I keep getting your automatic reply and no answer!", "Your office was closed.", "I was out of milk."]
)
def test_a_complaint_about_machines_is_no_auto_reply(text: str) -> None:
    assert not clean(text).is_auto_reply


def test_html_becomes_text_without_its_quotation() -> None:
    text = (
        "<html><head><title>x</title><style>p {color: red}</style></head><body><p>It is <b>broken</b> &amp; late</p>"
        "Please help<br/>now<blockquote>We are <blockquote>terrible</blockquote> sorry</blockquote><p>Still me</p>"
    )

    cleaned = clean(text)

    assert cleaned.text == "It is broken & late\nPlease help\nnow\nStill me"
    assert cleaned.dropped == ("quoted history",)


def test_a_mail_programs_quotation_box_is_left_out() -> None:
    cleaned = clean('<div>It broke</div><div class="gmail_quote"><div>Sorry</div>Yesterday</div><script>x</script>')

    assert cleaned.text == "It broke"
    assert cleaned.dropped == ("quoted history",)


def test_a_box_that_never_ends_hides_the_rest() -> None:
    assert clean("<p>It broke<script>alert(1)").text == "It broke"


def test_entities_and_invisible_characters_are_resolved() -> None:
    assert clean("It&#39;s\u00a0bro\u200bken\ufeff").text == "It's broken"


def test_a_single_angle_bracket_is_no_html() -> None:
    assert clean("1 < 2 and <mail@example.com>").text == "1 < 2 and <mail@example.com>"


def test_what_is_cut_from_a_very_long_message_is_said() -> None:
    cleaned = clean("word " * LONGEST)

    assert len(cleaned.text) <= LONGEST
    assert cleaned.dropped == ("the rest of a very long message",)


BOMBS = {
    "one word": "a" * 1_000_000,
    "openers": "On " * 350_000,
    "opener lines": "On me\n" * 170_000,
    "open tags": "<style>" * 140_000,
    "angle brackets": "<" * 1_000_000,
    "attributes": "<a " * 330_000,
    "lines": "a\n" * 500_000,
    "underscores": "_" * 1_000_000,
    "quotes": "> \n" * 330_000,
    "headers": "From: a\n" * 120_000,
    "names": "Thanks\nSome Body\n" * 60_000,
    "spaces": " " * 1_000_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_megabyte_is_cleaned_in_no_time(text: str) -> None:
    started = time.thread_time()

    clean(text)

    # 50 ms on an idle machine; the rest is room for a busy one.
    assert time.thread_time() - started < 0.15
