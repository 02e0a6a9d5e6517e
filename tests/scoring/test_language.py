"""Which language a person writes, and that English words are listened for in English only."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.scoring.context import PLAIN
from app.scoring.conversation import Running, Utterance
from app.scoring.engine import observe, score
from app.scoring.language import Spoken, identify, letters_of, no_words_for, script_of
from app.scoring.signals import Reading
from tests.scoring.conversations import NO_FACTS, PRIOR, hear, readings, says, talk

WORD_LISTS = {"tone.vader_positive", "tone.vader_negative", "tone.textblob_positive", "tone.textblob_negative"}

SENTENCES = {
    "en": ["Where is my order?", "The invoice is wrong again.", "I still can't log in.", "It is still broken"],
    "de": ["Wo ist meine Bestellung?", "Die Rechnung ist falsch.", "Ich will mein Geld zurück", "Es ist kaputt"],
    "es": ["¿Dónde está mi pedido?", "La factura está mal otra vez.", "Quiero un reembolso", "Mi paquete llegó roto"],
    "fr": ["Où est ma commande ?", "La facture est fausse.", "Je veux être remboursé", "Ça ne marche pas"],
    "it": ["Dov'è il mio ordine?", "La fattura è sbagliata.", "Voglio un rimborso"],
    "pt": ["Onde está o meu pedido?", "A fatura está errada outra vez."],
    "nl": ["Waar is mijn bestelling?", "De factuur is weer fout."],
    "pl": ["Gdzie jest moje zamówienie?", "Faktura znowu jest błędna."],
    "zh": ["我的订单在哪里？", "发票又错了。", "我要退款"],
    "ja": ["注文はどこですか？", "まだログインできません。"],
    "ar": ["أين طلبي؟", "الفاتورة خاطئة مرة أخرى."],
    "he": ["איפה ההזמנה שלי?"],
    "ru": ["Счёт опять неправильный.", "Я до сих пор не могу войти."],
}

CONVERSATIONS = {
    "de": [
        "Super, danke!",
        "Mein Paket kam beschädigt an und der Service ist eine Katastrophe.",
        "Sie schrieben: “We are terribly sorry for the awful delay, thank you so much.” Das reicht!",
        "The worst service, horrible!",
        "Ok, thanks, aber das ist fatal.",
        "Das Problem ist: error 404, fatal exception",
    ],
    "es": [
        "Hola, mi pedido no ha llegado y esto es terrible.",
        "Me dijeron “your parcel is lost, we are very sorry, this is a terrible mistake”",
        "Thanks. Es un horror, fatal.",
    ],
    "fr": [
        "Bonjour, ma commande est en retard et le service est horrible.",
        "“Sorry for the terrible inconvenience, we love our customers” : voilà votre réponse !",
        "OK super, excellent...",
    ],
    "zh": [
        "我的订单还没有到，太糟糕了",
        "They said: we are terribly sorry for this horrible mistake, thank you for your patience",
        "我的 iPhone 15 Pro Max 坏了, very bad service, please refund",
        "thanks, very bad",
    ],
}


def score_after(running: Running, utterance: Utterance) -> tuple[Running, tuple[Reading, ...]]:
    """The aggregates after a message that was scored, and its readings."""
    running, found = observe(running, utterance)
    _, running = score(running, NO_FACTS, PRIOR, utterance.at)
    return running, found


@pytest.mark.parametrize("language", SENTENCES)
def test_short_sentences_are_identified(language: str) -> None:
    guesses = [identify(sentence) for sentence in SENTENCES[language]]

    assert {guess.language for guess in guesses} == {language}
    assert all(guess.certain for guess in guesses)


@pytest.mark.parametrize("language", CONVERSATIONS)
def test_a_conversation_in_another_language_never_gets_an_english_tone(language: str) -> None:
    running, heard = Running.start(), []
    for utterance in talk(*CONVERSATIONS[language]):
        running, found = score_after(running, utterance)
        heard += [reading for reading in found if reading.signal in WORD_LISTS and reading.value]

    assert heard == []
    assert running.language == language


def test_the_reason_names_the_language() -> None:
    running = hear(*talk("Ich habe immer noch keine Antwort und bin sehr böse."))

    assert "tone: German has no word list yet" in running.abstained


def test_a_language_without_any_list_says_so_for_acts_too() -> None:
    running = hear(*talk("Faktura znowu jest błędna, to skandal."))

    assert {reason.partition(":")[0] for reason in running.abstained} >= {"tone", "acts"}


def test_other_readings_carry_on_where_words_are_not_known() -> None:
    running = hear(*talk("我的订单在哪里？", "我的订单在哪里？", "我的订单在哪里？!! 😡"))

    assert {"effort.repeats", "effort.run", "tone.emoji_negative"} <= running.seen.last.keys()


def test_an_english_conversation_is_read() -> None:
    running = hear(*talk("Where is my order? This is a terrible and horrible service."))

    assert running.language == "en"
    assert running.seen.last["tone.vader_negative"] > 0


def test_one_foreign_message_in_an_english_conversation_is_not_read_in_english() -> None:
    running = hear(*talk("Where is my order?", "Das ist wirklich ein horribles, fatales Problem hier."))

    assert running.language == "en"
    assert running.spoken.message == "de"
    assert not WORD_LISTS & running.seen.last.keys()


def test_two_messages_in_a_row_change_the_language() -> None:
    running = hear(*talk("Where is my order?", "Wo ist das Paket denn?", "Ich warte noch immer auf mein Geld."))

    assert (running.language, running.spoken.message) == ("de", "de")


@pytest.mark.parametrize(("messages", "language"), [(2, "de"), (3, "en")])
def test_english_needs_three_since_people_quote_it(messages: int, language: str) -> None:
    english = ["Let us speak English instead, please.", "Where is my parcel, please?", "Are you still there today?"]

    running = hear(*talk("Wo ist meine Bestellung?", *english[:messages]))

    assert (running.language, running.spoken.message) == (language, language)


def test_two_messages_with_one_between_them_do_not() -> None:
    running = hear(
        *talk("Where is my order?", "Wo ist das Paket denn?", "I am waiting for it.", "Ich warte noch immer.")
    )

    assert running.language == "en"


def test_another_script_changes_the_language_at_once() -> None:
    running = hear(*talk("Where is my order?", "Я до сих пор не могу войти."))

    assert (running.language, running.spoken.script) == ("ru", "cyrillic")


def test_words_too_few_to_tell_are_gathered() -> None:
    spoken = Spoken().heard("kaputt")

    later = spoken.heard("Rechnung falsch")

    assert not spoken.certain
    assert spoken.sample == "kaputt"
    assert (later.language, later.certain, later.sample) == ("de", True, "")


def test_a_short_opening_in_another_language_is_not_read_in_english() -> None:
    running = hear(says("Fatale Katastrophe"))

    assert running.spoken.message != "en"


def test_a_short_english_opening_is_read() -> None:
    assert readings("Terrible!")["tone.vader_negative"].value > 0


def test_what_the_helpdesk_says_is_believed_until_words_tell_otherwise() -> None:
    expected = Running.start("de-AT")

    short, _ = score_after(expected, says("Super!"))
    long, _ = score_after(expected, says("Where is my order? It should have been here on Monday."))

    assert expected.language == "de"
    assert "tone: German has no word list yet" in short.abstained
    assert long.language == "en"


@pytest.mark.parametrize("locale", [None, "", "tlh", "x", "-"])
def test_a_locale_that_says_nothing_is_none(locale: str | None) -> None:
    assert Running.start(locale).language is None


def test_an_expected_english_does_not_make_other_words_english() -> None:
    running, _ = score_after(Running.start("en-US"), says("Danke schön!"))

    assert running.spoken.message is None


def test_emoji_alone_say_nothing_about_the_language() -> None:
    assert hear(says("🙂🙂")).language is None
    assert hear(says("Wo ist meine Bestellung?"), says("😡", minutes=1)).language == "de"


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("hello", "latin"),
        ("Größe", "latin"),
        ("привет", "cyrillic"),
        ("我的 iPhone 坏了", "han"),
        ("カメラ", "han"),
        ("مرحبا", "arabic"),
        ("12 !?", ""),
        ("", ""),
        ("🙂", ""),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


def test_addresses_links_and_codes_are_no_language() -> None:
    text = "Siehe https://example.com/your-order-is-here, someone@example.com oder www.example.com 12345"

    assert letters_of(text) == "siehe oder"


def test_a_language_unknown_to_us_keeps_its_code() -> None:
    assert no_words_for("tlh") == "tlh has no word list yet"


def test_words_of_the_person_do_not_outlive_erasure() -> None:
    running = hear(says("kaputt"))

    assert running.spoken.sample
    assert running.without_words().spoken.sample == ""


def test_the_language_survives_the_json_form() -> None:
    running = hear(says("Wo ist meine Bestellung?"))

    again = Running.from_json(json.loads(json.dumps(running.to_json())))

    assert again.spoken == running.spoken


def test_aggregates_stored_before_languages_were_known_are_read() -> None:
    document = hear(says("Where is my order?")).to_json()
    del document["spoken"]

    running = Running.from_json(document)

    assert running.language is None
    assert replace(running, spoken=Spoken()) == running


@pytest.mark.parametrize(
    ("text", "among", "read_in"),
    [
        ("status?", (), "en"),
        ("status?", ("en", "de"), "en"),
        ("status?", ("de", "fr"), None),
        ("status?", ("de",), "de"),
        ("Where is my order? It was promised for Monday.", ("de",), "en"),
        ("Die Rechnung ist schon wieder falsch.", ("en",), "de"),
    ],
)
def test_a_desks_languages_decide_only_where_words_leave_it_open(
    text: str, among: tuple[str, ...], read_in: str | None
) -> None:
    assert Spoken().heard(text, among).message == read_in


def test_the_desks_languages_reach_the_reading_of_a_message() -> None:
    anything, german = (
        observe(Running.start(), says("status?"), replace(PLAIN, languages=among))[0] for among in ((), ("de",))
    )

    assert (anything.spoken.message, german.spoken.message) == ("en", "de")
