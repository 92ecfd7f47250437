"""Backups of an installation: database, files and key, whole or not there at all.

A backup is a folder that gets its name last: what a crash leaves begins with a dot, and the next backup removes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from daftar.config import archive, embedded
from daftar.config.archive import BackupError
from daftar.config.supervise import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
MANIFEST = "daftar.json"
UNFINISHED = ".making-"
KEPT = 7
TAR_IS_VERIFIED_SINCE = 18
POINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
MIGRATIONS = ROOT / "daftar" / "migrations"


@dataclass(frozen=True)
class Kept:
    """One file of a backup."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """What the manifest of a backup says."""

    kind: str  # "embedded": as it lay on the disk; "dump": of a PostgreSQL of one's own
    made_at: str
    version: str
    migration: str
    postgres: str
    archive: str
    timeline: int
    begins: str
    ends: str
    files: tuple[Kept, ...]
    format: int = FORMAT


def backup(data: Path, url: str = "", keep: int = KEPT) -> Path:
    """A new backup of the embedded database or of the one at `url`; older ones than the last `keep` are removed."""
    folder = archive.folder_of(data)
    with embedded.locked(folder / "backup.lock"):
        for left in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        making = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
        try:
            made = _dump(data, url, making) if url else _base(data, making)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        _prune(folder, keep)
    return made


def backups(folder: Path) -> list[Path]:
    """The finished backups in a folder, oldest first."""
    return sorted(path.parent for path in folder.glob(f"[0-9]*/{MANIFEST}"))


def read(folder: Path) -> Backup:
    """The manifest of a backup; BackupError where there is none that this version can read."""
    try:
        said: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Backup(**{**said, "files": tuple(Kept(**each) for each in said["files"])})
    except FileNotFoundError:
        raise BackupError(f"{folder} is no backup: it has no {MANIFEST}.") from None
    except (ValueError, TypeError, KeyError):
        raise BackupError(f"{folder / MANIFEST} cannot be read by this version of Daftar.") from None


def restore_point(data: Path, name: str) -> bool:
    """Names this moment of the embedded database; False when the archive has not reached it yet."""
    if not POINT.fullmatch(name):
        raise BackupError(f"{name!r} is no name for a point: letters, digits, dots, hyphens, up to 60.")
    folder, server = archive.folder_of(data), embedded.status(data)
    if server is None:
        raise BackupError("The database does not run.")
    if not backups(folder):
        raise BackupError("There is no backup yet that could be restored up to a point: make one first.")
    point = folder / "points" / name
    if point.exists():
        raise BackupError(f"There is a point {name} already.")
    with embedded.locked(folder / "backup.lock"):
        making = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
        _copy_files(data, making, _newest(folder))
        with archive.connected(server) as connection:
            row = connection.execute("SELECT pg_create_restore_point(%s)::text", [name]).fetchone()
        position = str(row[0]) if row else ""
        write(making / MANIFEST, {"name": name, "position": position, "at": now()})
        point.parent.mkdir(mode=0o700, exist_ok=True)
        _settle(making, point)
    return archive.catch_up(folder, server, position)


# ------------------------------------------------------------------ making one


def _base(data: Path, making: Path) -> Path:
    """Copies the running database as it lies on the disk, with the changes made meanwhile."""
    server, folder = embedded.status(data), making.parent
    if server is None:
        raise BackupError("The database does not run.")
    followed = archive.begin(folder, server)
    how = ["--format=tar", "--gzip", "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256"]
    database = making / "database"
    archive.tool(data, "pg_basebackup", "-D", database, *how, server=server)
    cluster = embedded.Cluster(data)
    if cluster.major() >= TAR_IS_VERIFIED_SINCE:
        archive.tool(data, "pg_verifybackup", "--quiet", "--no-parse-wal", "--format=tar", database)
    (changes,) = json.loads((database / "backup_manifest").read_text(encoding="utf-8"))["WAL-Ranges"]
    about = {
        "kind": "embedded", "postgres": str(cluster.major()), "archive": followed.name,
        "timeline": changes["Timeline"], "begins": changes["Start-LSN"], "ends": changes["End-LSN"],
    }  # fmt: skip
    return _finish(data, making, about)


def _dump(data: Path, url: str, making: Path) -> Path:
    """Dumps a PostgreSQL of one's own, as its owner, whom row-level security does not hold back."""
    run_client("pg_dump", url, "--format=custom", f"--file={making / 'database.dump'}")
    about = {"kind": "dump", "postgres": "", "archive": "", "timeline": 0, "begins": "", "ends": ""}
    return _finish(data, making, about)


def run_client(program: str, url: str, *args: str) -> None:
    """Runs pg_dump or its like against a PostgreSQL of one's own, with the newest such program there is."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = parts.pop("password", "")  # not among its words, which everybody can list
    done = subprocess.run(
        [embedded.program_for(program, _major(url)), f"--dbname={make_conninfo(**parts)}", "--no-password", *args],
        env={**os.environ, "LC_ALL": "C", "PGPASSWORD": password}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BackupError(f"{program} failed: {embedded.reason(done.stderr)}")


def _major(url: str) -> str:
    with psycopg.connect(url, connect_timeout=10) as connection:
        return str(connection.info.server_version // 10000)


def _finish(data: Path, making: Path, about: dict[str, Any]) -> Path:
    """Adds files and key, describes all of it, and gives the backup its name."""
    _copy_files(data, making, _newest(making.parent))
    if (data / "secret-key").exists():
        shutil.copyfile(data / "secret-key", making / "secret-key")
    at = now()
    described = Backup(
        **about, made_at=at, version=version(), migration=migration(), files=tuple(described_files(making))
    )
    write(making / MANIFEST, asdict(described))
    return _settle(making, making.parent / at.replace(":", "-"))


def _copy_files(data: Path, making: Path, last: Path | None) -> None:
    """Copies what was uploaded; a file that the last backup has already is shared with it and takes no place."""
    source = data / "files"
    for file in sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink()):
        copy = making / "files" / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        before = last / "files" / file.relative_to(source) if last else copy
        if before.is_file() and digest(before) == digest(file):
            os.link(before, copy)
        else:
            shutil.copyfile(file, copy)


def _settle(making: Path, named: Path) -> Path:
    """Gives a finished folder its name, after all of it has reached the disk."""
    for folder, _folders, names in os.walk(making):
        for name in names:
            file = Path(folder, name)
            file.chmod(0o600)
            _sync(file)
        Path(folder).chmod(0o700)
        _sync(Path(folder))
    making.rename(named)
    _sync(named.parent)
    return named


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # a folder cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path, keep: int) -> None:
    """Removes the oldest backups, and points and changes that lie before the first kept one."""
    for old in backups(folder)[: -max(keep, 1)]:
        # Without its manifest it is no backup any more, whatever happens next.
        (old / MANIFEST).unlink()
        shutil.rmtree(old)
    for left in folder.glob("[0-9]*"):
        if not (left / MANIFEST).exists():
            shutil.rmtree(left)
    kept = [read(path) for path in backups(folder)]
    needed: dict[str, int] = {}
    for each in kept:
        if each.archive:
            needed[each.archive] = min(archive.lsn(each.begins), needed.get(each.archive, 2**64))
    archive.prune(folder, needed)
    for point in (folder / "points").glob(f"*/{MANIFEST}"):
        if json.loads(point.read_text(encoding="utf-8"))["at"] < kept[0].made_at:
            shutil.rmtree(point.parent)


# ------------------------------------------------------------------ describing


def version() -> str:
    """The version of Daftar that runs."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(about["project"]["version"])


def migration() -> str:
    """The last change of the tables that this version knows."""
    return (MIGRATIONS / "latest.txt").read_text(encoding="ascii").strip()


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def described_files(folder: Path) -> Iterator[Kept]:
    """Every file of a backup but its manifest."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            yield Kept(path.relative_to(folder).as_posix(), path.stat().st_size, digest(path))


def _newest(folder: Path) -> Path | None:
    return backups(folder)[-1] if backups(folder) else None


def write(file: Path, content: dict[str, Any]) -> None:
    """Writes a description that only we can read."""
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
