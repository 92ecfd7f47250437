"""Keeps the processes of one installation running: starts them, restarts a killed one, finds what a crash left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PATIENCE = 10.0  # seconds between asking a process to end and killing it
ASK_AGAIN = 0.5  # seconds between two requests to end
SETTLES_IN = 1.0  # a process that shows nothing of itself for longer has nothing to show
LEFT_PATIENCE = 3.0  # the same for what a killed `up` left: nobody waits for its answers
HEALTHY = 3.0  # seconds after which a child counts as well started
FIRST_DELAY, LONGEST_DELAY = 0.1, 10.0
TURN = 0.1
ROOT = Path(__file__).resolve().parents[2]
# `python -m django`, but its messages say what a person types.
AS_TYPED = (
    "import sys; from django.core import management as m; m.execute_from_command_line(['manage.py', *sys.argv[1:]])"
)
DJANGO = [sys.executable, "-c", AS_TYPED]


def surroundings(**more: str) -> dict[str, str]:
    """Environment of a process that runs this checkout, and not another in the working directory."""
    path = os.pathsep.join(
        dict.fromkeys(filter(None, (str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep))))
    )
    own = {"DJANGO_SETTINGS_MODULE": "daftar.config.settings", "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    return {**os.environ, **own, **more}


@dataclass
class StopFlag:
    """Set by SIGINT and SIGTERM once caught: no exception that could tear a start apart.

    Both are caught explicitly, since a shell's background processes ignore SIGINT and Python then leaves it so.
    """

    asked: bool = False

    def catch(self) -> StopFlag:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)
        return self

    def _ask(self, *_: object) -> None:
        self.asked = True


@dataclass
class Child:
    """One process that has to run."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    due: float = 0.0
    delay: float = FIRST_DELAY


@dataclass
class Supervisor:
    """The children of one data folder; their process ids are kept there for stop_leftovers()."""

    data: Path
    commands: Mapping[str, Sequence[str]]
    env: Mapping[str, str]
    say: Callable[[str], None]
    children: list[Child] = field(init=False)

    def __post_init__(self) -> None:
        self.children = [Child(name, command) for name, command in self.commands.items()]

    def run(self, stop: StopFlag, turn: Callable[[], None]) -> None:
        """Runs the children, and `turn` some times a second, until a stop is asked for; then ends them."""
        _folder(self.data).mkdir(exist_ok=True)
        try:
            while not stop.asked:
                for child in self.children:
                    self._tend(child)
                turn()
                time.sleep(TURN)
        finally:
            self._end()

    def once(self, name: str, command: Sequence[str], stop: StopFlag) -> int:
        """Exit status of a command that has to end before the children start; a stop ends it too."""
        _folder(self.data).mkdir(exist_ok=True)
        child = Child(name, command)
        process = self._start(child)
        while process.poll() is None:
            if stop.asked:
                process.terminate()
            time.sleep(TURN / 2)
        self._pid_file(child).unlink()
        return process.wait()

    def _tend(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.due:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        _kill_group(child.process.pid)  # what it started would keep its port
        child.delay = FIRST_DELAY if now - child.began > HEALTHY else min(child.delay * 2, LONGEST_DELAY)
        child.due, child.process = now + child.delay, None
        self.say(f"{child.name} ended ({_ending(code)}); it is started again.")

    def _start(self, child: Child) -> subprocess.Popen[bytes]:
        child.began = time.monotonic()
        child.process = subprocess.Popen(
            child.command,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,  # the web server looks for modules in its working directory first
            env={**self.env, "DAFTAR_DATA": str(self.data)},
            # Its own session: Ctrl-C in the terminal reaches us alone, and all of it can be found by one number.
            start_new_session=True,
        )
        self._pid_file(child).write_text(str(child.process.pid), encoding="ascii")
        return child.process

    def _end(self) -> None:
        running = [child.process for child in self.children if child.process]
        for process in running:
            process.terminate()
        patience, ask = time.monotonic() + PATIENCE, time.monotonic() + 2 * ASK_AGAIN
        while (alive := [each for each in running if each.poll() is None]) and time.monotonic() < patience:
            if time.monotonic() > ask:  # all of a server that was just loading: it told its part, which missed it
                for process in alive:
                    _signal_group(process.pid, signal.SIGTERM)
                ask = time.monotonic() + ASK_AGAIN
            time.sleep(TURN / 2)
        for process in running:
            _kill_group(process.pid)
            process.kill()
            process.wait()
        for child in self.children:
            self._pid_file(child).unlink(missing_ok=True)

    def _pid_file(self, child: Child) -> Path:
        return _folder(self.data) / f"{child.name}.pid"


def stop_leftovers(data: Path) -> list[str]:
    """Ends the children of a supervisor that was killed; gives their names."""
    files = {file: int(file.read_text(encoding="ascii") or 0) for file in _folder(data).glob("*.pid")}
    left = {file: group for file, group in files.items() if group and list(_members(group, data))}
    patience, ask = time.monotonic() + LEFT_PATIENCE, 0.0
    while alive := [pid for group in left.values() for pid in _members(group, data)]:
        now = time.monotonic()
        if now > ask:  # again and again: a process that is just loading misses the first request
            for pid in alive:
                _signal(pid, signal.SIGTERM)
            ask = now + ASK_AGAIN
        if now > patience:
            for group in left.values():
                _kill_group(group)
        time.sleep(0.05)
    for file in files:
        file.unlink(missing_ok=True)
    return [file.stem for file in left]


def in_front(command: Sequence[str], env: Mapping[str, str], folder: Path | None = None) -> int:
    """Exit status of a command that has the terminal; a signal ends it first, so that we can tidy up after it."""
    with subprocess.Popen(command, env=env, cwd=folder) as process:
        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),  # the terminal tells the command itself
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        }
        try:
            code = process.wait()
            return code if code >= 0 else 128 - code  # as a shell says it
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _folder(data: Path) -> Path:
    return data / "pids"


def _members(group: int, data: Path) -> Iterator[int]:
    """Processes of a child, itself included, while they live.

    A number may have gone to a stranger, so they must also carry our data folder in their environment.
    """
    if sys.platform == "linux":
        marker = b"DAFTAR_DATA=" + os.fsencode(data)
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _session(entry) == group and marker in _environ(entry).split(b"\0"):
                yield int(entry.name)
    elif sys.platform != "win32":
        listing = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,command="], capture_output=True, text=True, check=False)
        for line in listing.stdout.splitlines():
            pid, its_group, command = line.split(None, 2)
            if int(its_group) == group and "daftar" in command:
                yield int(pid)


def _environ(entry: Path) -> bytes:
    """What a process carries, b"" for one that is gone.

    One that is just loading or just ending shows nothing: only when that is over can it be told from a stranger.
    """
    until, carried = time.monotonic() + SETTLES_IN, b""
    while not carried and _session(entry) and time.monotonic() < until:
        with suppress(OSError):
            carried = (entry / "environ").read_bytes()
        if not carried:
            time.sleep(0.005)
    return carried


def _session(entry: Path) -> int:
    """Session of a process, 0 for one that is gone or only waits to be waited for."""
    try:
        after_name = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0
    state, session = after_name[0], int(after_name[3])
    return 0 if state in "ZX" else session


def _signal(pid: int, number: int) -> None:
    with suppress(OSError):  # it ended in the meantime
        os.kill(pid, number)


def _kill_group(group: int) -> None:
    if sys.platform != "win32":
        _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, number: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):  # nothing of it is left
            os.killpg(group, number)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
