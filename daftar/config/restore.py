"""Bringing a backup back: into a new folder or an empty database, up to a named point, a moment or the end.

Everything is checked before it is believed: the backup's files by their hashes, the database by its own manifest, the
archive by its checksums and for gaps, and that all of it was replayed. What fails leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from daftar.config import archive, embedded
from daftar.config.archive import SEGMENT, BackupError
from daftar.config.backup import (
    MANIFEST,
    MIGRATIONS,
    Backup,
    backups,
    described_files,
    migration,
    read,
    run_client,
    version,
)
from daftar.config.supervise import DJANGO, surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_REPLAY = 6 * 3600
CHUNK = 1024 * 1024
# For a scratch copy that is removed at once.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Target:
    """Up to where changes are replayed: as the server is told, and the position or moment a backup must lie before."""

    settings: Mapping[str, str]
    files: Path | None = None  # of a named point: the uploads of that moment
    position: int = -1
    moment: str = ""


def restore(source: Path, data: Path, to: str = "", settings: Mapping[str, str] | None = None) -> Path:
    """Makes the data folder out of a backup, or of the right one in a folder of backups; gives the one used."""
    if data.exists() and any(data.iterdir()):
        raise BackupError(f"{data} is not empty; a backup is restored into a new folder.")
    target = _target(source, to)
    chosen = choose(source, target)
    about = check(chosen)
    if about.kind != "embedded":
        raise BackupError(f"{chosen} is a dump: set DATABASE_URL to an empty database to restore it.")
    embedded.make_folder(data.parent)
    making = Path(tempfile.mkdtemp(prefix=f".{data.name}-restoring-", dir=data.parent))
    try:
        embedded.make_folder(making / "data")
        making.chmod(0o711)  # the database's account passes through
        _rebuild(chosen, about, making / "data", target, settings or {})
        with suppress(FileNotFoundError):
            data.rmdir()
        (making / "data").rename(data)
    finally:
        with suppress(embedded.EmbeddedError):
            embedded.stop(making / "data", "immediate")
        shutil.rmtree(making, ignore_errors=True)
    return chosen


def restore_dump(source: Path, data: Path, url: str) -> Path:
    """Fills an empty PostgreSQL of one's own, and a data folder with files and key."""
    chosen = choose(source, Target({}))
    about = check(chosen)
    if about.kind != "dump":
        raise BackupError(f"{chosen} is of an embedded database: it is restored without DATABASE_URL.")
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'daftar\\_%'").fetchone()
    if row and row[0]:
        raise BackupError("The database in DATABASE_URL is not empty; a backup is restored into an empty one.")
    _bring_files(chosen, data, chosen)
    # Whole or not at all, and under the owner that DATABASE_URL names, whoever owned it before.
    run_client(
        "pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", str(chosen / "database.dump")
    )
    return chosen


def choose(source: Path, target: Target) -> Path:
    """The backup that is meant: the folder itself, or the last one in it that lies before the target."""
    if (source / MANIFEST).exists():
        return source
    for path in reversed(backups(source)):
        about = read(path)
        before = archive.lsn(about.ends) <= target.position if target.position >= 0 else True
        if before and (not target.moment or about.made_at <= target.moment):
            return path
    raise BackupError(f"There is no backup in {source} that could be restored so.")


def check(folder: Path) -> Backup:
    """The manifest, once every file is as it says; BackupError for a newer version's and for a damaged one."""
    about = read(folder)
    if not (MIGRATIONS / f"{about.migration}.py").exists():
        raise BackupError(f"{folder} was made by Daftar {about.version}, newer than this one ({version()}): use that.")
    found = {kept.path: kept for kept in described_files(folder)}
    damaged = [kept.path for kept in about.files if found.get(kept.path) != kept]
    damaged += sorted(found.keys() - {kept.path for kept in about.files})
    if damaged:
        raise BackupError(f"{folder} is damaged: {', '.join(damaged[:5])}.")
    return about


def check_books(data: Path, about: Backup, settings: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Whether check-ledger is satisfied with the restored folder, and what it said."""
    if about.migration != migration():
        return True, f"made by Daftar {about.version}: `up` brings its tables up to date, then run check-ledger"
    server = embedded.start(data, settings=settings)
    try:
        return check_database(data, server.url)
    finally:
        server.stop()


def check_database(data: Path, url: str) -> tuple[bool, str]:
    """The same for any database."""
    key = embedded.kept_secret(data / "secret-key")
    env = surroundings(DATABASE_URL=url, DAFTAR_DATA=str(data), DAFTAR_SECRET_KEY=key)
    env.pop("DATABASE_APP_URL", None)
    done = subprocess.run(
        [*DJANGO, "check_ledger"], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.returncode == 0, done.stdout.strip() if done.returncode == 0 else done.stderr.strip()


def _target(source: Path, to: str) -> Target:
    """What `--to` says: nothing, the name of a point, or a moment with its time zone."""
    if not to:
        return Target({})
    if ":" in to:
        try:
            at = datetime.fromisoformat(to)
        except ValueError:
            raise BackupError(f"{to!r} is no moment; one looks so: 2026-11-25T16:00:00+05:00.") from None
        if at.tzinfo is None:
            raise BackupError(f"{to!r} does not say its time zone; add it: {to}+05:00, or {to}Z.")
        moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # The server knows no letters for time zones while it starts.
        return Target({"recovery_target_time": moment.replace("Z", "+00")}, moment=moment)
    folder = source.parent if (source / MANIFEST).exists() else source
    point = folder / "points" / Path(to).name
    if not (point / MANIFEST).exists():
        known = sorted(path.parent.name for path in folder.glob(f"points/*/{MANIFEST}"))
        raise BackupError(f"There is no point {to} in {folder}. Known: {', '.join(known) or 'none'}.")
    said = json.loads((point / MANIFEST).read_text(encoding="utf-8"))
    return Target({"recovery_target_name": to}, files=point, position=archive.lsn(said["position"]))


# ------------------------------------------------------------------ the embedded database


def _rebuild(source: Path, about: Backup, data: Path, target: Target, settings: Mapping[str, str]) -> None:
    cluster = embedded.Cluster(data)
    cluster.check_reach()
    _unpack(source / "database" / "base.tar.gz", cluster.postgres)
    _unpack(source / "database" / "pg_wal.tar.gz", cluster.postgres / "pg_wal")
    manifest = source / "database" / "backup_manifest"
    archive.tool(data, "pg_verifybackup", "--quiet", "--manifest-path", manifest, cluster.postgres)
    last = _bring_changes(source.parent / about.archive, about, cluster.postgres / "pg_wal", target)
    _hand_over(cluster)
    _replay(cluster, target, settings)
    if not target.settings:
        _must_have_reached(cluster, about.timeline, last)
    _bring_files(source, data, target.files or source)


def _unpack(packed: Path, folder: Path) -> None:
    safe: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    folder.mkdir(exist_ok=True)
    with tarfile.open(packed) as tar:
        tar.extractall(folder, **safe)  # noqa: S202 - our own archive, its hash has been checked


def _hand_over(cluster: embedded.Cluster) -> None:
    """Gives all of it to the database's account, closed to others."""
    for folder, _folders, names in os.walk(cluster.postgres):
        cluster.give(Path(folder), 0o700)
        for name in names:
            cluster.give(Path(folder, name), 0o600)


def _bring_changes(archived: Path, about: Backup, into: Path, target: Target) -> int:
    """Puts what the archive has after the backup where the server looks for it; gives where it ends."""
    first = archive.lsn(about.begins) // SEGMENT * SEGMENT
    files = {archive.place(file): file for file in sorted(archived.glob("*.gz*"), reverse=True)}
    wanted = sorted(place for place in files if place >= first)
    end = archive.lsn(about.ends)
    for number, place in enumerate(wanted):
        if target.position >= 0 and place > target.position:
            break
        if place != wanted[0] + number * SEGMENT:
            raise BackupError(f"{archived} has a gap before {files[place].name}; restore to a point before it.")
        end = max(
            end, _unzip(files[place], into / archive.segment_of(place, about.timeline), is_last=place == wanted[-1])
        )
    return end


def _unzip(packed: Path, into: Path, *, is_last: bool) -> int:
    """Unpacks one segment; gives the position up to which it must hold changes."""
    unzip, size, begins = zlib.decompressobj(31), 0, archive.place(packed)
    is_partial = packed.suffix == ".partial"
    try:
        with packed.open("rb") as source, into.open("wb") as copy:
            while chunk := source.read(CHUNK):
                size += copy.write(unzip.decompress(chunk))
            copy.truncate(SEGMENT)  # the server reads whole segments; it stops where the changes do
    except zlib.error:
        raise BackupError(f"{packed} is damaged.") from None
    whole = unzip.eof and size == SEGMENT
    if not whole and not (is_partial and is_last):
        raise BackupError(f"{packed} is damaged: it is not whole.")
    # Of a segment being written nobody knows how far it goes; of a whole one the beginning must have been replayed.
    return begins - SEGMENT + 1 if is_partial else begins + 1


def _replay(cluster: embedded.Cluster, target: Target, settings: Mapping[str, str]) -> None:
    # Everything is in place already; the server insists on being told where it could ask for more.
    how = {"restore_command": "exit 1", "recovery_target_action": "promote", "hot_standby": "off", **target.settings}
    signal = cluster.postgres / "recovery.signal"
    signal.touch()
    cluster.give(signal, 0o600)
    cluster.configure({**how, **settings})
    cluster.log.unlink(missing_ok=True)  # of the time before the backup
    cluster.launch()
    # Launched means that it replays; ready, that it has replayed everything.
    if cluster.settled_pid(LONGEST_REPLAY) is None:
        said = cluster.log.read_text(encoding="utf-8", errors="replace")
        raise BackupError(f"The changes cannot be replayed so far: {embedded.reason(said)}")
    cluster.end("fast")


def _must_have_reached(cluster: embedded.Cluster, timeline: int, end: int) -> None:
    """BackupError when the replay ended early: damage inside a segment looks to the server like the end."""
    history = cluster.postgres / "pg_wal" / f"{timeline + 1:08X}.history"
    found = re.findall(r"^\d+\t([0-9A-F]+/[0-9A-F]+)\t", history.read_text(encoding="utf-8"), re.MULTILINE)
    if archive.lsn(found[-1]) < end:
        raise BackupError(f"The replay stopped at {found[-1]}, before the end of the archive: it is damaged there.")


def _bring_files(source: Path, data: Path, files: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    if (files / "files").exists():
        shutil.copytree(files / "files", data / "files", dirs_exist_ok=True)
    if (source / "secret-key").exists() and not (data / "secret-key").exists():
        embedded.keep_secret(data / "secret-key", (source / "secret-key").read_text(encoding="ascii").strip())
