"""What packages for any marketplace share: a reproducible zip, strict JSON, and the address that they call."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: The oldest time that a zip can say; with it the same files make the same bytes at any time.
_STILL = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The files of a package by their path in it, and what the vendor's rules say of them."""

    files: Mapping[str, bytes]
    errors: tuple[str, ...]  #: "path: what is wrong", all of them; the vendor would refuse the package
    warnings: tuple[str, ...] = ()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, date_time=_STILL)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _PLAIN_FILE, 3
            archive.writestr(entry, files[path])
    return buffer.getvalue()


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path in it. Raises ValueError for a link, which vendors refuse."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ValueError(f"{name}: is a symbolic link")
        if path.is_file():
            found[name] = path.read_bytes()
    return found


def read_object(name: str, raw: bytes) -> dict[str, Any]:
    """A JSON object. Raises ValueError that names the file, also for a member that is there twice."""
    try:
        document = json.loads(raw.decode("utf-8"), object_pairs_hook=lambda pairs: _unique(name, pairs))
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}: is not JSON (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise ValueError(f"{name}: is nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError(f"{name}: must be a JSON object")
    return document


def _unique(name: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{name}: {key}: is there twice")
        found[key] = value
    return found


def public_host(public_url: str) -> str:
    """The host of the address that a package calls, with its port if it has one. Raises ValueError for no https one."""
    try:
        parts = urlsplit(public_url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{public_url!r}: is not an address") from error
    plain = not parts.path.strip("/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    if parts.scheme != "https" or not parts.hostname or not plain:
        raise ValueError(f"{public_url!r}: must be https://host, without a path")
    return parts.hostname if port is None else f"{parts.hostname}:{port}"
