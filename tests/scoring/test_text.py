"""What is left of a message once quotes, signatures and machines' words are gone."""

from __future__ import annotations

import time

import pytest

from app.scoring.text import LONGEST, Cleaned, clean

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
    "reply above": "Please reply above this line\nOur earlier answer.",
    "do not write below": "## Please do not write below this line ##\nOur earlier answer, terrible.",
    "not above": "-- Please do not reply above this line --\nSorry.",
    "german line": "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##\nEs tut uns leid.",
    "spanish line": "Por favor, responda por encima de esta línea\nLo sentimos.",
    "french line": "Merci de répondre au-dessus de cette ligne\nDésolés.",
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


PASTED = {
    "python": (
        'Traceback (most recent call last):\n  File "/srv/app.py", line 12, in load\n    raise ValueError("bad")\n'
        "ValueError: terrible horrible failure"
    ),
    "python without an end": 'Traceback (most recent call last):\n  File "a.py", line 1\n    die()\n',
    "java": (
        'Exception in thread "main" java.lang.IllegalStateException: awful\n\tat com.example.Shop.order(Shop.java:12)\n'
        "\tat com.example.Main.main(Main.java:3)\nCaused by: java.io.IOException: killed\n\t... 12 more"
    ),
    "javascript": "    at load (app.js:12:4)\n    at /srv/node/app.js:3:1",
    "log": "2026-03-02 10:00:01 ERROR fatal failure in worker\n2026-03-02T10:00:02Z WARN horrible",
    "syslog": "Mar  2 10:00:01 host app[1]: panic: terrible",
    "access log": '192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 500 12',
    "levels": "ERROR: fatal\nWARNING: horrible\nINFO done",
    "json": '{\n  "error": "terrible",\n  "fatal": true\n}',
    "environment": "PATH=/usr/bin:/bin\nHATE_MODE=1",
    "fence": "```\nhorrible = awful()\n```",
    "key": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
    "hex": "0000: de ad be ef de ad be ef de ad be ef de ad be ef",
    "dump": "|||| 12.3 | 45.6 | 78.9 | 10.1 | 11.2 | 13.4 | 14.5 ||||",
}


@pytest.mark.parametrize("pasted", PASTED.values(), ids=PASTED.keys())
def test_what_a_program_wrote_is_left_out(pasted: str) -> None:
    cleaned = clean(f"{COMPLAINT}\n{pasted}\n\nPlease help.")

    assert cleaned.text.split() == f"{COMPLAINT} Please help.".split()
    assert cleaned.dropped == ("machine output",)


@pytest.mark.parametrize(
    "text",
    [
        "ERROR: payment failed, that is what it says",
        "At the shop (in Example Street) nobody helped me.",
        "at 10:00 I called you",
        "It says Traceback and then nothing.",
        "10:30 I called, 11:00 I was still waiting",
        "I paid 12.50 + 3.20 + 4.80 = 20.50, and you took 25.50!!!",
        "``` is what I see",
        "Caused by: your driver",
        "Orders 48213, 48214, 48215, 48216, 48217 and 48218",
        "{angry}",
        "我的订单在哪里？三天没有人回复我。" * 10,
    ],
)
def test_words_of_a_person_that_look_like_a_programs_stay(text: str) -> None:
    assert clean(text) == Cleaned(text=text)


def test_a_fence_that_never_ends_hides_only_itself() -> None:
    assert clean("```\nIt is broken").text == "It is broken"


def test_a_word_too_long_for_a_person_goes() -> None:
    assert clean(f"My token is {'x1' * 80} and it fails").text == "My token is and it fails"


FOOTERS = {
    "zendesk": "This email is a service from Example Shop. Delivered by Zendesk",
    "code": "[4XW2K7-9PLM]",
    "subscription": "You are receiving this email because you bought something.",
    "unsubscribe": "Unsubscribe",
    "copyright": "© 2026 Example",
    "reference": "ref:_00D1:ref",
    "request": "Your request (123) has been updated",
}


@pytest.mark.parametrize("footer", FOOTERS.values(), ids=FOOTERS.keys())
def test_footers_are_left_out(footer: str) -> None:
    cleaned = clean(f"{COMPLAINT}\n\n{footer}")

    assert (cleaned.text, cleaned.dropped) == (COMPLAINT, ("boilerplate",))


def test_a_banner_above_the_words_is_left_out() -> None:
    cleaned = clean(f"CAUTION: This email originated from outside of the organization.\n{COMPLAINT}")

    assert (cleaned.text, cleaned.dropped) == (COMPLAINT, ("boilerplate",))


def test_a_message_that_only_says_unsubscribe_stays() -> None:
    assert clean("Unsubscribe").text == "Unsubscribe"


@pytest.mark.parametrize(
    "text",
    [
        "My card ▇▇▇▇ ▇▇▇▇ was charged",
        "My card ████ was charged",
        "My card XXXX XXXXXX was charged",
        "My card [REDACTED] was charged",
        "My card <redacted: number> was charged",
        "My card (removed) was charged",
        "My card ******** was charged",
        "My card ■■■■ was charged",
    ],
)
def test_redacted_words_are_no_words(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.text.split() == ["My", "card", "was", "charged"]
    assert cleaned.dropped == ("redacted words",)


@pytest.mark.parametrize(
    "text", ["Thanks xxx", "It is f*** broken", "■ first point", "I removed it (twice)", "Size XXL"]
)
def test_words_that_only_look_redacted_stay(text: str) -> None:
    assert clean(text) == Cleaned(text=text)


def test_a_message_of_nothing_but_redactions_is_blank() -> None:
    assert clean("▇▇▇ ▇▇▇▇▇▇ ▇▇").text == ""


@pytest.mark.parametrize("text", ["🙂", "👍🏽", "😡😡", "It broke 😢"])
def test_emoji_stay(text: str) -> None:
    assert clean(text).text == text


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u200e", "\u202e", "\u2066", "\u2069", "\u061c", "\ufeff", "\ufe0f", "\u034f", "\U000e0041"]
)
def test_characters_that_nobody_sees_are_gone(hidden: str) -> None:
    assert clean(f"ter{hidden}rible").text == "terrible"


def test_half_characters_are_gone() -> None:
    assert clean("bro\ud800ken \udc00").text.encode() == b"bro ken"


@pytest.mark.parametrize("text", ["أين طلبي؟ أنا غاضب جداً.", "איפה ההזמנה שלי?", "ما زلت\u200cلا أستطيع"])
def test_text_from_right_to_left_stays(text: str) -> None:
    assert clean(text).text == text.replace("\u200c", "")


@pytest.mark.parametrize("box", ["gmail_quote", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix"])
def test_boxes_of_mail_programs_are_left_out(box: str) -> None:
    assert clean(f'<p>It broke</p><div class="{box}">Sorry</div>').text == "It broke"


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
    "stars": "*" * 1_000_000,
    "redactions": "[redacted " * 100_000,
    "crosses": "XXX" * 330_000,
    "fences": "```\n" * 250_000,
    "traces": "Traceback (most recent call last):\n" * 30_000,
    "frames": 'File "' + "a" * 1_000_000,
    "dotted": "a." * 500_000,
    "settings": "a=b " * 250_000,
    "at": "at a.b.c" * 120_000,
    "entities": "&amp;" * 200_000,
    "direction marks": "\u202e" * 1_000_000,
    "marks on marks": "a" + "\u0301" * 1_000_000,
    "emoji": "😡" * 1_000_000,
    "please": "please reply " * 80_000,
    "auto": "auto reply" * 100_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_megabyte_is_cleaned_in_no_time(text: str) -> None:
    started = time.thread_time()

    clean(text)

    # 50 ms on an idle machine; the rest is room for a busy one.
    assert time.thread_time() - started < 0.15


@pytest.mark.parametrize("bomb", BOMBS)
def test_twice_the_text_costs_no_more_than_a_little_over_twice_the_time(bomb: str) -> None:
    def seconds(length: int) -> float:
        text = BOMBS[bomb][:length]
        rounds = []
        for _ in range(9):
            started = time.thread_time()
            clean(text)
            rounds.append(time.thread_time() - started)
        return min(rounds)

    seconds(1_000)
    quarter, whole = seconds(LONGEST // 4), seconds(LONGEST)

    # Four times the length; sixteen times the time would be quadratic. What takes no time at all has no ratio.
    assert whole < 12 * quarter or whole < 0.005
