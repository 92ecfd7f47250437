"""A real installation on a data folder of its own, started as a person starts it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from daftar.config import embedded, supervise

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
SHOWN_OF_THE_LOG = 4000
SAYS_SO = b"Daftar answers at "


class Installation:
    """`up` on a temporary folder, with its durable defaults; the folder is kept when something went wrong."""

    def __init__(self, module: str = "daftar.config.cli", *, more: tuple[str, ...] = ("--no-demo",)) -> None:
        self.module, self.more = module, more
        self.folder = Path(tempfile.mkdtemp(prefix="daftar-crash-"))
        self.folder.chmod(0o711)  # the database's account passes through
        self.data, self.log = self.folder / "data", self.folder / "up.log"
        self.port = _free_port()

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_for_answer()
        except BaseException:
            self._clear_away()
            raise
        return self

    def start(self) -> None:
        words = ["up", *self.more, "--port", str(self.port), "--data", str(self.data)]
        with self.log.open("ab") as log:
            self._before = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *words],
                env=_surroundings(), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait_for_answer(self) -> None:
        self.wait_until(lambda: SAYS_SO in self.log.read_bytes()[self._before :], "it does not answer")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._clear_away()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"kept for a look: {self.folder}")

    def _clear_away(self) -> None:
        if self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.stop()
            self.process.kill()
            self.process.wait()
        supervise.stop_leftovers(self.data)
        embedded.stop(self.data, "immediate")

    def kill(self) -> None:
        """Kills `up` itself, which leaves everything else running."""
        self.process.kill()
        self.process.wait()

    def kill_and_start_again(self) -> None:
        """And does what a person would do then."""
        self.kill()
        self.start()
        self.wait_for_answer()

    def stop(self) -> int:
        """Exit status of `up` after being asked to end."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def wait_until(self, condition: Callable[[], bool], complaint: str, patience: float = PATIENCE) -> None:
        end = time.monotonic() + patience
        while not condition():
            assert self.process.poll() is None, f"`up` ended with {self.process.returncode}\n{self.last_words()}"
            assert time.monotonic() < end, f"{complaint}\n{self.last_words()}"
            time.sleep(0.05)

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-SHOWN_OF_THE_LOG:]

    def url(self) -> str:
        """The address with which the owner of the tables sees every row; empty while there is no database."""
        with suppress(embedded.EmbeddedError, IndexError):
            server = embedded.status(self.data)
            return server.url if server else ""
        return ""

    def centre(self, word: str) -> dict[str, Any]:
        """What `tests.crash.centre` prints about this installation's centre."""
        own = {"DATABASE_URL": embedded.start(self.data).url, "DAFTAR_DATA": str(self.data)}
        code, said = self._run("tests.crash.centre", word, DJANGO_SETTINGS_MODULE="daftar.config.settings", **own)
        assert code == 0, said[-SHOWN_OF_THE_LOG:]
        return json.loads(next(line for line in said.splitlines() if line.startswith("{")))

    def command(self, *words: str) -> tuple[int, str]:
        """Exit status and words of a command as a person types it."""
        return self._run("daftar.config.cli", *words, "--data", str(self.data))

    def _run(self, *words: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            env=_surroundings(**more), cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


def _surroundings(**more: str) -> dict[str, str]:
    """Those of a person who has just opened a terminal, and not those of the test run around us."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DAFTAR_", "DATABASE_"))}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def _free_port() -> int:
    """Below the ports that connections take for themselves, so that it is still free when it is used again."""
    for port in range(19000 + os.getpid() % 4000, 32000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no port is free")
