"""The drill: the last backup is restored, its books are proved, and the day is written down.

Only a backup that was restored is one; the readiness page says when that was last so.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg

from daftar.config import archive, backup, embedded, restore

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTED = "last-drill.json"
SCRATCH = ".drill-"
SPARE = 1.2


@dataclass(frozen=True)
class Outcome:
    """How a drill went."""

    at: str
    backup: str
    is_right: bool
    said: str


def drill(data: Path, url: str = "") -> Outcome:
    """Restores the last backup aside, with all of the archive, proves its books, removes it, and notes how it went."""
    folder = archive.folder_of(data)
    made = backup.backups(folder)
    if not made:
        raise archive.BackupError("There is no backup yet.")
    with embedded.locked(data / "drill.lock"):
        _clear_away(data)
        scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=data))
        scratch.chmod(0o711)  # the database's account passes through
        try:
            is_right, said = _in_database(made[-1], scratch, url) if url else _in_folder(made[-1], data, scratch)
        except (embedded.EmbeddedError, psycopg.Error) as wrong:
            is_right, said = False, str(wrong)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    outcome = Outcome(backup.now(), made[-1].name, is_right, said)
    backup.write(folder / NOTED, asdict(outcome))
    return outcome


def _clear_away(data: Path) -> None:
    """Removes what a drill left that was killed."""
    for left in data.glob(f"{SCRATCH}*"):
        with suppress(embedded.EmbeddedError):
            embedded.stop(left / "data", "immediate")
        shutil.rmtree(left)


def last(folder: Path) -> Outcome | None:
    """How the last drill went, if there was one."""
    with suppress(OSError, ValueError, TypeError):
        return Outcome(**json.loads((folder / NOTED).read_text(encoding="utf-8")))
    return None


def _in_folder(made: Path, data: Path, scratch: Path) -> tuple[bool, str]:
    needed = SPARE * _size((data / "postgres").rglob("*"))
    if shutil.disk_usage(scratch).free < needed:
        raise archive.BackupError(f"A drill needs {needed / 1e9:.1f} GB of free disk.")
    restore.restore(made, scratch / "data", settings=restore.FORGETFUL)
    return restore.check_books(scratch / "data", backup.read(made), restore.FORGETFUL)


def _in_database(made: Path, scratch: Path, url: str) -> tuple[bool, str]:
    """Beside the real database, in one of its own that is removed again; its owner must be allowed to make one."""
    name = f"daftar_drill_{scratch.name.removeprefix(SCRATCH).lower()}"
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            aside = urlsplit(url)._replace(path=f"/{name}").geturl()
            restore.restore_dump(made, scratch / "data", aside)
            return restore.check_database(scratch / "data", aside)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _size(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        with suppress(OSError):  # gone in the meantime
            total += file.lstat().st_size
    return total
