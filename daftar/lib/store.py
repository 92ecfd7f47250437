"""Bytes kept on the disk by what they are: the same content is kept once in a folder, and never changes there."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMED = re.compile(r"[0-9a-f]{64}")


def keep(folder: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Keeps a content; its SHA-256, which names it from now on, and its size. It is whole on the disk, or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor, name = tempfile.mkstemp(prefix=".making-", dir=folder)
    making = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        place = place_of(folder, digest.hexdigest())
        place.parent.mkdir(exist_ok=True)
        making.replace(place)
        _sync(place.parent)
    finally:
        making.unlink(missing_ok=True)
    return digest.hexdigest(), size


def _sync(folder: Path) -> None:
    """The name reaches the disk too, not only the content."""
    if os.name == "nt":  # a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place_of(folder: Path, sha256: str) -> Path:
    """Where a content is kept; ValueError for what is no name of one, so that no name leads out of the folder."""
    if not NAMED.fullmatch(sha256):
        raise ValueError(sha256)
    return folder / sha256[:2] / sha256


def opened(folder: Path, sha256: str) -> BinaryIO | None:
    """The content, to be read; None where it is not there."""
    try:
        return place_of(folder, sha256).open("rb")
    except FileNotFoundError:
        return None
