"""Reading the checkout as text: modules, syntax trees, tables in documents. Imports nothing of the product."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCT = ("app", "connectors", "tasks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One Python file."""

    path: Path  #: relative to the checkout
    tree: ast.Module

    @property
    def module(self) -> str:
        """Dotted name; a package goes by its own name."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(root: Path, *folders: str) -> Iterator[Source]:
    """Every Python file under the folders, in order of path; folders that are not there hold none."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield Source(path=path.relative_to(root), tree=_parse(path.read_text(encoding="utf-8")))


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


def setup_cfg(root: Path) -> configparser.ConfigParser:
    """The tools' settings."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(root / "setup.cfg", encoding="utf-8")
    return parser


def lines(value: str) -> list[str]:
    """A setting's lines without the empty ones."""
    return [line.strip() for line in value.splitlines() if line.strip()]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in the tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called_name(call: ast.Call) -> str:
    """The last part of what is called: `retry` for `self.retry()`."""
    return called(call.func)


def called(node: ast.expr) -> str:
    """The last part of a dotted name, empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value given for a keyword."""
    return next((word.value for word in call.keywords if word.arg == name), None)


def text_of(node: ast.expr | None) -> str | None:
    """The text of a string literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def rows(document: Path) -> list[list[str]]:
    """The cells of every table row in a Markdown file; none when there is no such file."""
    if not document.exists():
        return []
    table = [line for line in document.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table]


def quoted_names(document: Path) -> set[str]:
    """Everything a document writes as `code`."""
    if not document.exists():
        return set()
    return set(re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8")))
