"""Finding the processes of an installation and killing them, and never anybody else's."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daftar.config import embedded, supervise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KINDS = ("web", "worker", "backend", "database", "up")
# A worker that has just been started is still loading and would die of nothing.
LOADING = 2.0
SERVES_A_CLIENT = b"postgres: daftar "
RECOVERS = b"postgres: startup"
RECOVERY_BEGINS = 2.0


@dataclass
class Killer:
    """Kills one process, or all of one server, of the installation in `data`."""

    data: Path
    choose: random.Random

    def kill(self, kind: str) -> bool:
        """Whether there was one to kill."""
        return getattr(self, f"_{kind}")()

    def _web(self) -> bool:
        """The server's process that listens, the one that serves, or both at once."""
        members = sorted(self._members("web"))
        if len(members) < 2:
            return False
        picked = self.choose.choice([members[:1], members[1:], members])
        return _strike(picked, lambda pid: pid in self._members("web"))

    def _worker(self) -> bool:
        file = self.data / "pids" / "worker.pid"
        with suppress(OSError):
            if time.time() - file.stat().st_mtime < LOADING:
                return False
        return _strike(self._members("worker"), lambda pid: pid in self._members("worker"))

    def _backend(self) -> bool:
        """One connection of the database; it ends the others itself and recovers, as after any crash of one."""
        server = embedded.status(self.data)
        serving = [pid for pid in _children(server.pid) if _command(pid).startswith(SERVES_A_CLIENT)] if server else []
        busy = [pid for pid in serving if not _command(pid).rstrip(b"\0 ").endswith(b"idle")]
        if not server or not serving:
            return False
        return _strike([self.choose.choice(busy or serving)], lambda pid: pid in _children(server.pid))

    def _database(self) -> bool:
        """All of it at once, as when the power fails, but for the disk."""
        server = embedded.status(self.data)
        if not server:
            return False
        with suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGSTOP)  # so that it can neither start nor tidy up anything meanwhile
            return _strike([*_children(server.pid), server.pid], lambda pid: server.alive())
        return False

    def hold_recovery(self) -> ExitStack | None:
        """Keeps a database that has just lost a process from coming back until the end of the block.

        None when it is back already.
        """
        server = embedded.status(self.data)
        patience = time.monotonic() + RECOVERY_BEGINS
        while server and time.monotonic() < patience:
            for pid in _children(server.pid):
                if _command(pid).startswith(RECOVERS):
                    os.kill(pid, signal.SIGSTOP)
                    held = ExitStack()
                    held.callback(os.kill, pid, signal.SIGCONT)
                    return held
        return None

    def _members(self, name: str) -> list[int]:
        with suppress(OSError, ValueError):
            group = int((self.data / "pids" / f"{name}.pid").read_text(encoding="ascii"))
            return list(supervise._members(group, self.data))
        return []


def _strike(pids: Iterable[int], is_ours: Callable[[int], bool]) -> bool:
    """Kills them by handles taken before they were looked at, so that a number given away anew cannot be hit."""
    struck = False
    with ExitStack() as handles:
        for pid in pids:
            with suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                handles.callback(os.close, handle)
                if is_ours(pid):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    struck = True
    return struck


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
