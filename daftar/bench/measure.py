"""CPU and memory of processes, and a browser that costs little: what the figures are made of. Linux only."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db import connection, connections

from daftar.config.supervise import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE, IDLE = 60.0, 1.0
Form = list[tuple[str, str]]


def cpu_of(*parents: int) -> float:
    """Seconds of processor, user and system, of these processes and their children, ended ones included."""
    total = 0.0
    for pid in {pid for parent in parents for pid in family(parent)}:
        spent = _stat(pid)
        # The time of ended children counts with those that waited for them.
        total += sum(int(ticks) for ticks in spent[11 : 15 if pid in parents else 13]) / TICK
    return total


def family(parent: int) -> list[int]:
    """The process and those it started, and those they started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (row := _stat(int(entry.name))):
            children.setdefault(int(row[1]), []).append(int(entry.name))
    found = [parent]
    for pid in found:
        found += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def memory_of(parent: int) -> dict[str, float]:
    """Megabytes of a family of processes: PSS shares what is shared, RSS counts it each time."""
    found = {"pss": 0.0, "rss": 0.0}
    for pid in family(parent):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        for name in found:
            found[name] += int(re.findall(rf"^{name.title()}:\s+(\d+)", text, re.MULTILINE)[0]) / 1024
    return found


def checked_at_once() -> None:
    """Keys are checked at each statement: at the commit they would not be where everything is undone before it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def postmaster() -> int:
    """The process of the database, which must run on this machine."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = _stat(int(cursor.fetchone()[0]))
    if not row:
        raise RuntimeError("The database runs elsewhere: its processor time cannot be read here.")
    return int(row[1])


@dataclass
class Figure:
    """What one operation cost: CPU in milliseconds (the median of the repeats), wall times, how many it were."""

    cpu: float
    repeats: list[float]
    p50: float
    p95: float
    count: int
    notes: list[str] = field(default_factory=list)


def measured(operations: Sequence[Sequence[Callable[[], object]]], *parents: int) -> Figure:
    """Runs each batch once, between two looks at /proc."""
    costs, walls = [], []
    for batch in operations:
        before = cpu_of(*parents)
        for operation in batch:
            began = time.perf_counter()
            operation()
            walls.append((time.perf_counter() - began) * 1000)
        costs.append((cpu_of(*parents) - before) * 1000 / len(batch))
    walls.sort()
    return Figure(median(costs), costs, median(walls), walls[int(len(walls) * 0.95)], len(walls))


@contextmanager
def served(command: Sequence[str], port: int, env: Mapping[str, str], path: str) -> Iterator[int]:
    """Process id of a web server that answers at a path; ended afterwards."""
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}) as process:
        try:
            end = time.monotonic() + PATIENCE
            while not _answers(port, path):
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"The web server did not come up on port {port}.")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _answers(port: int, path: str) -> bool:
    try:
        return Browser(port).get(path)[0] == http.HTTPStatus.OK
    except OSError:
        return False


class Browser:
    """One connection kept open, with its cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.asked = 0.0

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        return self._send("GET", path)

    def post(self, path: str, form: Form) -> tuple[int, str]:
        """Status and text of the answer to a form, which carries what protects it against forgery."""
        body = urlencode([*form, ("csrfmiddlewaretoken", self.cookies.get("csrftoken", ""))])
        return self._send("POST", path, body)

    def sign_in(self, email: str, password: str) -> None:
        """Signs in, or says that it did not work."""
        self.get("/login/")
        status, text = self.post("/login/", [("login", email), ("password", password)])
        if status != http.HTTPStatus.FOUND:
            raise RuntimeError(f"Signing in as {email} was answered with {status}: {text[:300]}")

    def _send(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if time.monotonic() - self.asked > IDLE:  # the server has closed it by now, or will in the middle of this
            self.connection.close()
        self.asked = time.monotonic()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode()
