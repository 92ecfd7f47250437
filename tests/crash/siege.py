"""Clients at work while processes are killed, until so many have been killed and the work goes on."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from tests.crash.audit import laws
from tests.crash.clients import Client
from tests.crash.importing import Importer
from tests.crash.killing import Killer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.crash.installation import Installation

CLIENTS = 4
LOOKS_EVERY = 0.5
# What must have come back before something is killed. `up` may find a database that recovers: that has its own test,
# since requests that wait for it keep the web server that was left from ending, and us from being done in a minute.
AT_WORK = {
    "web": {"web"},
    "backend": {"backend", "database"},
    "database": {"backend", "database"},
    "up": {"backend", "database", "up"},
}
RECOVERY = 60.0
ENDING = 60.0


@dataclass
class Watcher(threading.Thread):
    """Looks at the books every half second: laws 4 and 5 hold at every moment, not only at the end."""

    installation: Installation
    looks: int = 0
    breaches: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name="watcher", daemon=True)
        self.stopped = threading.Event()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.stopped.wait(LOOKS_EVERY):
            url = self.installation.url()
            if not url:
                continue
            try:
                with psycopg.connect(url, connect_timeout=5) as connection:
                    self.breaches += laws(connection)
            except psycopg.OperationalError:
                continue  # just killed
            self.looks += 1


@dataclass
class Siege:
    """Four clients and the watcher against one who kills."""

    installation: Installation
    centre: dict[str, Any]
    seed: int
    clients: list[Client] = field(default_factory=list)
    killed: list[tuple[str, float]] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        port, folder = self.installation.port, self.installation.folder
        self.clients = [Client(n, port, self.centre, folder, self.seed + n) for n in range(CLIENTS)]
        self.importer = Importer(CLIENTS, port, self.centre, folder, self.seed + CLIENTS)
        self.watcher = Watcher(self.installation)
        self.killer = Killer(self.installation.data, random.Random(f"{self.seed} picks"))

    def run(self, kinds: Sequence[str], kills: int, answers: int = 0) -> None:
        """Kills each kind equally often, and only what has been at work since it was last killed.

        Goes on until there were also so many answers.
        """
        began, choose = time.monotonic(), random.Random(f"{self.seed} kinds")
        threads = (*self.clients, self.importer, self.watcher)
        for thread in threads:
            thread.start()
        try:
            self._wait_for_an_answer(began)
            deck: list[str] = []
            for _ in range(kills):
                deck = deck or choose.sample(kinds, len(kinds))
                self._kill(deck.pop(), choose.uniform(0.2, 1.2))
            self._wait_for_an_answer(time.monotonic())
            self.installation.wait_until(lambda: self._enough(answers), "too little is answered")
        finally:
            for thread in threads:
                thread.stopped.set()
            end = time.monotonic() + ENDING
            for thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
        self._complain()
        self.seconds = time.monotonic() - began

    def outages(self, kind: str) -> list[float]:
        """Seconds after each kill of the kind until something was answered that was sent after it."""
        answered = sorted(pair for client in self.clients for pair in client.answered)
        return [min(ended for begun, ended in answered if begun > at) - at for each, at in self.killed if each == kind]

    def _kill(self, kind: str, pause: float) -> None:
        time.sleep(pause)
        if kind != "worker":  # that it works shows in the jobs at the end
            self._wait_for_an_answer(max((at for each, at in self.killed if each in AT_WORK[kind]), default=0.0))
        if kind == "up":
            self.killed.append((kind, time.monotonic()))
            self.installation.kill_and_start_again()
            return
        self.installation.wait_until(lambda: self.killer.kill(kind), f"no {kind} to kill")
        self.killed.append((kind, time.monotonic()))

    def _wait_for_an_answer(self, since: float) -> None:
        """Until something sent after that moment was answered; at once when it was already."""

        def answered() -> bool:
            self._complain()
            return any(client.answered and client.answered[-1][0] > since for client in self.clients)

        self.installation.wait_until(answered, "nobody is answered any more", RECOVERY)

    def _enough(self, answers: int) -> bool:
        self._complain()
        return sum(len(client.answered) for client in self.clients) >= answers

    def _complain(self) -> None:
        wrong = [client.failure for client in (*self.clients, self.importer) if client.failure]
        assert not wrong, "\n".join(wrong)
