"""Which language a person writes, and whether English word lists may be applied to a message.

The language is identified once per conversation and kept (`Spoken`), and again when the script changes, while what was
written is too little to be certain, and when two messages in a row are plainly in another language. Why this library:
docs/decisions/0013-language-identification.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from app.scoring.lexicon import words

LETTERS = re.compile(r"[^\W\d_]+")
ADDRESS = re.compile(r"@|://|\bwww\.")
LATIN_END = 0x0250  #: letters below this are Latin
LOOKED_AT = 600  #: characters of a message by which its language is identified
HAN_WEIGHS = 3  #: letters of an alphabet that say as much as one of Chinese or Japanese
KEPT = 200  #: characters kept of what was said while the language is uncertain
SCORES = 20  #: languages whose scores are given, the best first; English is looked for among them
LEAST_LETTERS = 10  #: fewer letters of the Latin script are never certain
LEAST_FOREIGN = 4  #: so many letters of another script are always certain enough: they are not English
OTHER_AFTER, ENGLISH_AFTER = 2, 3  #: messages in a row in another language after which that is the person's
PLAUSIBLE = 0.9  #: an uncertain text may be English when English scores this share of the best language
ENGLISH_CODE = "en"
UNKNOWN = "und"  #: in place of a code, where a language cannot be told (ISO 639-2)
UNCERTAIN = "too little was written to tell the language"

NAMES = {
    "am": "Amharic", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali",
    "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "gu": "Gujarati",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "is": "Icelandic",
    "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kn": "Kannada", "ko": "Korean", "ku": "Kurdish", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "ml": "Malayalam", "mr": "Marathi", "ms": "Malay", "nl": "Dutch",
    "no": "Norwegian", "or": "Odia", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovene", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "yo": "Yoruba", "zh": "Chinese",
}  # fmt: skip

ENGLISH = words(
    """
    the a an i you it is are was were be been to of in on for and or at my me your we our that this with do does did
    can could would will have has had just please there any by from what which how when where who not no yes still
    but so if they them their he she his her am
    """
)
# Function words of German, Spanish, French, Italian, Portuguese and Dutch; few of them are English words, too.
OTHERS = words(
    """
    der die das und ich nicht ist ein eine mein meine bitte wir sie mit auf für zu den dem noch immer wurde habe
    el la los las una que por para con mi su pero como está muy esto quiero pedido lo al del se
    le les des une est je ne pas vous nous mon ma pour dans sur avec mais toujours cette ce
    il che non sono di della questo ancora grazie uma não meu minha você com ainda isso
    het een ik niet mijn van voor maar nog wat naar
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What one text alone reads as."""

    language: str | None = None  #: ISO 639-1, the best guess; None for a text without letters
    certain: bool = False
    near_english: bool = False  #: English is the best guess or close to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The language of one person in one conversation, as far as it is known."""

    language: str | None = None  #: ISO 639-1; None until there is enough to tell
    script: str | None = None  #: such as "latin"; None before anything was said
    certain: bool = False  #: False while `language` is only what the helpdesk says
    sample: str = ""  #: the person's own words while the language is uncertain
    other: str | None = None  #: the language that the latest messages were plainly in, where it is another one
    in_other: int = 0  #: how many messages in a row were in that
    message: str | None = None  #: the language to read the latest message in; None where that cannot be told

    @classmethod
    def expected(cls, locale: str | None) -> Spoken:
        """Before anything was said: what the helpdesk says, such as "de-AT", believed until words say otherwise."""
        code = (locale or "").replace("_", "-").split("-")[0].lower()
        return cls(language=code if code in NAMES else None)

    def heard(self, text: str, among: Sequence[str] = ()) -> Spoken:
        """After one more message of the person, without quoted history.

        `among` are the languages that people here write in, () for any. Plain words in another one are believed; what
        leaves it open is read as the only one there is, and never as English where that is not among them.
        """
        plain = letters_of(text)
        if not plain:
            return replace(self, message=self.language or ENGLISH_CODE)
        script, guess = script_of(plain), _guess(plain)
        if self.certain:
            return self._still(plain, script, guess)
        sample = f"{self.sample} {plain}".strip()[-KEPT:] if script == self.script else plain[-KEPT:]
        if not guess.certain and sample != plain:
            guess = _guess(sample)
        if guess.certain:
            return Spoken(language=guess.language, script=script, certain=True, message=guess.language)
        expected = self.language or (among[0] if len(among) == 1 else None)
        foreign = expected if expected != ENGLISH_CODE else None
        possible = not among or ENGLISH_CODE in among
        english = possible and guess.near_english and script == "latin" and reads_english(sample)
        return replace(self, script=script, sample=sample, message=foreign or (ENGLISH_CODE if english else None))

    def _still(self, plain: str, script: str, guess: Guess) -> Spoken:
        """One more message of a person whose language is known.

        One message in another language of the same script does not change it, two in a row do. English needs three, and
        more than another script: a few English words, or words quoted from us, are nobody's English tone.
        """
        if not guess.certain:
            unread = self.language == ENGLISH_CODE and not (script == "latin" and reads_english(plain))
            return replace(self, other=None, in_other=0, message=None if unread else self.language)
        if guess.language == self.language:
            same = self.other is None and self.message == self.language
            return self if same else replace(self, other=None, in_other=0, message=self.language)
        to_english = guess.language == ENGLISH_CODE
        in_other = self.in_other + 1 if guess.language == self.other else 1
        if in_other >= (ENGLISH_AFTER if to_english else OTHER_AFTER) or (script != self.script and not to_english):
            return Spoken(language=guess.language, script=script, certain=True, message=guess.language)
        message = guess.language if self.language == ENGLISH_CODE else self.language
        return replace(self, other=guess.language, in_other=in_other, message=message)

    def without_words(self) -> Spoken:
        """The same without anything the person wrote."""
        return replace(self, sample="")

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> Spoken:
        """The value that `to_json` wrote; nothing known for aggregates stored before there was any."""
        return cls() if document is None else cls(**document)


def identify(text: str) -> Guess:
    """The language of a text by its letters alone. Offline, the same answer for the same text, microseconds."""
    return _guess(letters_of(text))


def _guess(plain: str) -> Guess:
    found = _identifier()(plain)
    scores: Mapping[str, float] = found.scores
    if not scores:
        return Guess()
    latin = script_of(plain) == "latin"
    return Guess(
        language=found.language,
        certain=bool(found.reliable) and len(plain) >= LEAST_LETTERS if latin else len(plain) >= LEAST_FOREIGN,
        near_english=scores.get(ENGLISH_CODE, 0.0) >= PLAUSIBLE * max(scores.values()),
    )


def letters_of(text: str) -> str:
    """The words of a text's beginning in small letters with single spaces, without links, addresses and codes."""
    head = text[:LOOKED_AT].lower()
    if "@" in head or "://" in head or "www." in head:
        head = " ".join(word for word in head.split() if not ADDRESS.search(word))
    return " ".join(LETTERS.findall(head))


def script_of(text: str) -> str:
    """The script that most letters are of, such as "latin", "cyrillic", "arabic", "han" (with kana); "" for none."""
    if text.isascii():
        return "latin" if any(map(str.isalpha, text)) else ""
    counted = Counter(map(_script, text))
    del counted[""]
    if "han" in counted:
        counted["han"] *= HAN_WEIGHS
    return min(counted, key=lambda name: (-counted[name], name), default="")


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    if not letter.isalpha():
        return ""
    name = unicodedata.name(letter, "unknown").split()[0].lower()
    return "han" if name in {"cjk", "hiragana", "katakana", "bopomofo", "katakana-hiragana"} else name


def name_of(language: str) -> str:
    """The language as people call it."""
    return NAMES.get(language, language)


def no_words_for(language: str) -> str:
    """Why English words are not listened for in a message."""
    return UNCERTAIN if language == UNKNOWN else f"{name_of(language)} has no word list yet"


@lru_cache(maxsize=2)  # a reply is asked twice: for its quality and for its wording
def reads_english(text: str) -> bool:
    """True unless the words are plainly in another script or language; short and mixed texts count as English.

    A guard by function words; it names no language.
    """
    found = LETTERS.findall(text.lower())
    if not text.isascii():
        foreign = sum(len(word) for word in found if ord(word[0]) >= LATIN_END)
        if foreign > sum(map(len, found)) / 2:
            return False
    others = sum(word in OTHERS for word in found)
    return others < 2 or others <= sum(word in ENGLISH for word in found)


_LOCK = Lock()


@cache
def _identifier() -> Any:
    import eldc

    with _LOCK:  # the tables are not to be built by two threads at once
        eldc.init()
    identifier = eldc.instance()
    identifier.set_scores(SCORES)
    return identifier.detect_details
