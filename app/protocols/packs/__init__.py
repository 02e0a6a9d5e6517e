"""Ready-made protocols, a YAML file per pack with its documents separated by lines of `---`."""

from __future__ import annotations

from importlib import resources


class UnknownPack(LookupError):
    """No pack of that name is shipped; the message lists those that are."""


def pack_names() -> tuple[str, ...]:
    """The names of the shipped packs, sorted."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


def load_pack(name: str) -> tuple[str, ...]:
    """The pack's documents as YAML texts, in the order in which they are to be asked. Raises UnknownPack."""
    if name not in pack_names():
        raise UnknownPack(f'there is no pack "{name[:60]}"; there are {", ".join(pack_names())}')
    return documents_in((resources.files(__name__) / f"{name}.yaml").read_text(encoding="utf-8"))


def documents_in(text: str) -> tuple[str, ...]:
    """The documents of a text that separates them by lines of `---`; one that holds nothing is one empty document."""
    found = tuple(document.strip() + "\n" for document in text.split("\n---\n") if document.strip())
    return found or (text,)
