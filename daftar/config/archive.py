"""The archive: every change of the embedded database, followed as it happens, so that any moment can be restored.

A folder of backups holds one folder a backup, the archives they need (`wal-1`, and another after each gap), and the
named points.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from daftar.config import embedded
from daftar.config.supervise import surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SLOT = "daftar_archive"
SEGMENT = 16 * 1024 * 1024
PATIENCE = 60.0
PATIENCE_AT_THE_END = 8.0
# Time line and place of one segment of changes; `.partial` is the one being written.
SEGMENT_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})\.gz(\.partial)?")


class BackupError(embedded.EmbeddedError):
    """A backup cannot be made or used; the message says why and what helps."""


def folder_of(data: Path) -> Path:
    """The folder of the installation's backups, made if it is missing, closed to others, refused if not its own."""
    named = os.environ.get("DAFTAR_BACKUPS")
    folder = Path(named).absolute() if named else data / "backups"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as refused:
        raise BackupError(f"{folder} cannot be used for backups: {refused.strerror}.") from None
    ours, mark = embedded.kept_secret(data / "installation"), folder / "installation"
    if not mark.exists():
        embedded.keep_secret(mark, ours)
    if mark.read_text(encoding="ascii").strip() != ours:
        raise BackupError(f"{folder} holds the backups of another installation; name another in DAFTAR_BACKUPS.")
    return folder


def login(server: embedded.Server) -> dict[str, str]:
    """How the backup's own role connects."""
    secret = server.data / "backup-password"
    if not secret.exists():
        raise BackupError("The database was started by an older Daftar: stop it with down, start it again with up.")
    known = {name: str(value) for name, value in conninfo_to_dict(server.url).items()}
    # Not in the database of the centre: what the role may do there would be part of every dump of it.
    return known | {
        "dbname": "postgres",
        "user": embedded.BACKUP_ROLE,
        "password": secret.read_text(encoding="ascii").strip(),
    }


@contextmanager
def connected(server: embedded.Server) -> Iterator[psycopg.Connection]:
    """A connection of the backup's role."""
    with psycopg.connect(make_conninfo(**login(server)), connect_timeout=10, autocommit=True) as connection:
        yield connection


def tool(data: Path, program: str, *args: str | Path, server: embedded.Server | None = None) -> None:
    """Runs a program that comes with the database, under our own account; BackupError says why it failed."""
    done = subprocess.run(
        command(data, program, *args, server=server),
        env=tool_environment(server), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BackupError(f"PostgreSQL's {program} failed: {embedded.reason(done.stderr + done.stdout)}")


def command(data: Path, program: str, *args: str | Path, server: embedded.Server | None = None) -> list[str]:
    """The words of such a program."""
    words = [str(embedded.Cluster(data).programs() / program), *map(str, args)]
    if server:
        parts = login(server)
        words += [
            "--no-password",
            "--dbname",
            make_conninfo(**{name: parts[name] for name in ("host", "port", "user")}),
        ]
    return words


def tool_environment(server: embedded.Server | None) -> Mapping[str, str]:
    """Surroundings of such a program; the password is not among its words, which everybody can list."""
    kept = {name: value for name, value in surroundings().items() if not name.startswith("PG")}
    if server is None:
        return kept
    return {**kept, "LC_ALL": "C", "DAFTAR_DATA": str(server.data), "PGPASSWORD": login(server)["password"]}


# ------------------------------------------------------------------ the archives of a folder


def archives(folder: Path) -> list[Path]:
    """The archives, oldest first; a new one begins after a gap."""
    return sorted(folder.glob("wal-*"), key=lambda path: int(path.name.removeprefix("wal-")))


def begin(folder: Path, server: embedded.Server) -> Path:
    """The archive that goes on now; the database keeps what is not in it yet. A new one when something was lost."""
    with connected(server) as connection:
        row = connection.execute(
            "SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = %s", [SLOT]
        ).fetchone()
        if row is not None and row[0]:
            connection.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
            row = None
        known = archives(folder)
        if row is None or not known:
            fresh = folder / f"wal-{int(known[-1].name.removeprefix('wal-')) + 1 if known else 1}"
            fresh.mkdir(mode=0o700)
            known.append(fresh)
        if row is None:
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])
    return known[-1]


def follow(archive: Path, server: embedded.Server) -> list[str]:
    """The program that writes the archive: each change when it is committed, on the disk before it is acknowledged."""
    return [*_receive(archive, server), "--synchronous"]


def _receive(archive: Path, server: embedded.Server) -> list[str]:
    how = ["--slot", SLOT, "--compress", "gzip:1", "--no-loop"]
    return command(server.data, "pg_receivewal", "-D", archive, *how, server=server)


def catch_up(folder: Path, server: embedded.Server, position: str = "", *, patience: float = PATIENCE) -> bool:
    """Whether everything up to the position, else up to now, is in the archive; brings it there."""
    end = time.monotonic() + patience
    archive = begin(folder, server)
    with connected(server) as connection:
        wanted = position or str(_one(connection, "SELECT pg_current_wal_flush_lsn()::text"))
        while (left := end - time.monotonic()) > 0:
            there = "SELECT restart_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
            if _one(connection, there, wanted, SLOT) or _receive_up_to(archive, server, wanted, left):
                return True
            time.sleep(0.1)
    return False


def _receive_up_to(archive: Path, server: embedded.Server, position: str, patience: float) -> bool:
    """Does it here, unless the keeper follows already and so has the slot."""
    receive = [*_receive(archive, server), "--endpos", position]
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            receive, env=tool_environment(server), stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=patience,
        )  # fmt: skip
        return done.returncode == 0
    return False


def _one(connection: psycopg.Connection, statement: str, *values: str) -> object:
    row = connection.execute(statement.encode(), values or None).fetchone()
    return row[0] if row else None


# ------------------------------------------------------------------ places in the stream of changes


def lsn(text: str) -> int:
    """A position as a number: `0/2000120`."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def segment_of(position: int, timeline: int) -> str:
    """Name of the segment that holds the position."""
    number = position // SEGMENT
    per_file = 2**32 // SEGMENT
    return f"{timeline:08X}{number // per_file:08X}{number % per_file:08X}"


def place(file: Path) -> int:
    """Position at which a file of the archive begins; -1 for a file that is no segment."""
    found = SEGMENT_NAME.fullmatch(file.name)
    return -1 if found is None else (int(found[2], 16) << 32) + int(found[3], 16) * SEGMENT


def prune(folder: Path, needed: Mapping[str, int]) -> None:
    """Removes archives and segments that no kept backup needs: for each archive, the position needed first."""
    for archive in archives(folder)[:-1]:
        if archive.name not in needed:
            for file in archive.iterdir():
                file.unlink()
            archive.rmdir()
    for name, first in needed.items():
        for file in (folder / name).glob("*.gz"):
            if 0 <= place(file) < first - SEGMENT:
                file.unlink()
