"""What `up` runs beside web and worker: it follows the database into the archive, backs up daily and drills weekly."""

from __future__ import annotations

import logging
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg

from daftar.config import archive, backup, drill, embedded, logs
from daftar.config.env import ENV
from daftar.config.supervise import StopFlag

if TYPE_CHECKING:
    from pathlib import Path

# Who only wants a look has no use for a backup.
SETTLED = 600.0
LOOKS_EVERY = 3600.0
BACKUP_EVERY, DRILL_EVERY = timedelta(days=1), timedelta(days=7)
TURN = 0.5

log = logging.getLogger("daftar.keeper")


def main(data: Path) -> None:
    """Goes on until asked to stop; nothing that fails ends it."""
    stop, due = StopFlag().catch(), time.monotonic() + SETTLED
    receiving: subprocess.Popen[bytes] | None = None
    while not stop.asked:
        try:
            if receiving and receiving.poll() is not None:
                _, said = receiving.communicate()
                log.warning("the archive is not followed any more: %s", embedded.reason(said.decode()))
                receiving = None
            receiving = receiving or follow(data)
            if time.monotonic() > due:
                due = time.monotonic() + LOOKS_EVERY
                keep(data, datetime.now(UTC))
        except (embedded.EmbeddedError, psycopg.Error, OSError) as wrong:
            log.warning("%s", wrong)
        time.sleep(TURN)
    if receiving:
        receiving.terminate()
        receiving.communicate()


def follow(data: Path) -> subprocess.Popen[bytes] | None:
    """The program that writes the archive, begun once there is a backup it belongs to."""
    server, folder = embedded.status(data), archive.folder_of(data)
    if server is None or not backup.backups(folder):
        return None
    followed = archive.begin(folder, server)
    newest = backup.read(backup.backups(folder)[-1])
    if newest.archive != followed.name:  # a gap: only a new backup can be followed from here
        backup.backup(data, keep=ENV.backup_keep)
        followed = archive.begin(folder, server)
    return subprocess.Popen(
        archive.follow(followed, server),
        env=archive.tool_environment(server), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def keep(data: Path, now: datetime) -> None:
    """Makes a backup when the last one is a day old, and tries it when the last drill is a week old."""
    folder = archive.folder_of(data)
    made = backup.backups(folder)
    if not made or now - datetime.fromisoformat(backup.read(made[-1]).made_at) > BACKUP_EVERY:
        backup.backup(data, keep=ENV.backup_keep)
    last = drill.last(folder)
    if last is None or now - datetime.fromisoformat(last.at) > DRILL_EVERY:
        outcome = drill.drill(data)
        if not outcome.is_right:
            log.error("the backup %s FAILED its drill; %s says why", outcome.backup, folder / drill.NOTED)


if __name__ == "__main__":
    logs.to_stderr(ENV.log)
    main(ENV.data)
