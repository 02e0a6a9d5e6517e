"""Ready-made protocols, a YAML file per pack with its documents separated by lines of `---`.

Beside the packs for a trade lie their example tickets, in `examples/`.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


class UnknownPack(LookupError):
    """No pack of that name is shipped; the message lists those that are."""


def pack_names() -> tuple[str, ...]:
    """The names of the shipped packs, sorted."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


def load_pack(name: str) -> tuple[str, ...]:
    """The pack's documents as YAML texts, in the order in which they are to be asked. Raises UnknownPack."""
    return documents_in(_file(name).read_text(encoding="utf-8"))


def load_examples(name: str) -> str:
    """The pack's example tickets as YAML. Raises UnknownPack, also where the pack comes without any."""
    file = _file(name).parent / "examples" / f"{name}.yaml"
    if not file.is_file():
        raise UnknownPack(f'the pack "{name}" comes without example tickets')
    return file.read_text(encoding="utf-8")


def _file(name: str) -> Path:
    if name not in pack_names():
        raise UnknownPack(f'there is no pack "{name[:60]}"; there are {", ".join(pack_names())}')
    return FOLDER / f"{name}.yaml"


def documents_in(text: str) -> tuple[str, ...]:
    """The documents of a text that separates them by lines of `---`; one that holds nothing is one empty document."""
    found = tuple(document.strip() + "\n" for document in text.split("\n---\n") if document.strip())
    return found or (text,)
