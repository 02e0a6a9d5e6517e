"""Hand-written sentences of customers with what is to be heard in them, and the list of what still fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de", "es", "fr")
KNOWN = FOLDER / "known_failures.tsv"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and the signals that must and must not be found in it."""

    language: str
    text: str
    present: frozenset[str]
    absent: frozenset[str]

    def failures(self, found: set[str]) -> frozenset[str]:
        """What is not as it should be: a signal that is missing, or "!" and one that should not be there."""
        return frozenset(self.present - found | {f"!{signal}" for signal in self.absent & found})


def sentences(language: str) -> list[Sentence]:
    """The sentences of one language."""
    return [
        Sentence(
            language=language,
            text=text,
            present=frozenset(signal for signal in expected if not signal.startswith("!")),
            absent=frozenset(signal[1:] for signal in expected if signal.startswith("!")),
        )
        for text, *expected in _rows(FOLDER / f"{language}.tsv")
    ]


def known_failures() -> dict[tuple[str, str], frozenset[str]]:
    """What is known to fail, by language and sentence."""
    return {(language, text): frozenset(failures) for language, text, *failures in _rows(KNOWN)}


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [[*row[:-1], *row[-1].split()] for row in rows]
