"""People at work: each writes down what is to be sent before it is sent, and what was answered after."""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from daftar.orgs.rules import ANSWERS, usual

if TYPE_CHECKING:
    from pathlib import Path

NO_ANSWER = 30.0
# With one thing, while others are answered: whoever is answered keeps the rest waiting where there is a kill a second.
PATIENCE = 240.0
# What each does next: many payments, some lessons, now and then a rule whose change the worker works off.
PAYS, MARKS = 0.70, 0.98


class Journal:
    """A file of lines that are on the disk when `write` returns."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **line: Any) -> None:
        os.write(self.descriptor, json.dumps(line).encode() + b"\n")
        os.fsync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)


@dataclass
class Answer:
    """What came back; `status` 0 when nothing did."""

    status: int
    location: str = ""
    text: str = ""

    @property
    def is_lost(self) -> bool:
        """Nobody can know whether it was done."""
        return self.status == 0 or self.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass
class Browser:
    """A person's cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._send("GET", path, None)

    def post(self, path: str, fields: list[tuple[str, Any]], file: tuple[str, bytes] | None = None) -> Answer:
        """`file`: a name and a content, sent as the field called file."""
        return self._send("POST", path, [*fields, ("csrfmiddlewaretoken", self.cookies.get("csrftoken", ""))], file)

    def _send(
        self, method: str, path: str, fields: list[tuple[str, Any]] | None, file: tuple[str, bytes] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=NO_ANSWER)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if file is not None:
            body, headers["Content-Type"] = (
                encode_multipart(BOUNDARY, {**dict(fields or ()), "file": upload(*file)}),
                MULTIPART_CONTENT,
            )
        elif fields is not None:
            body, headers["Content-Type"] = urlencode(fields), "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                if name in {"csrftoken", "sessionid"}:
                    self.cookies[name] = morsel.value
        return Answer(response.status, response.headers.get("Location", ""), text)


def upload(name: str, content: bytes) -> BytesIO:
    """A file as Django's encoder takes it."""
    found = BytesIO(content)
    found.name = name
    return found


class Client(threading.Thread):
    """Someone who works until told to stop, and asks again whenever no answer came."""

    def __init__(self, number: int, port: int, centre: dict[str, Any], folder: Path, seed: int) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.number, self.centre = number, centre
        self.browser, self.journal = Browser(port), Journal(folder / f"client-{number}.journal")
        self.choose = random.Random(seed)
        # Each lesson has one client that marks it, so that its last word is known.
        self.lessons = [pk for place, pk in enumerate(sorted(centre["lessons"], key=int)) if place % 4 == number]
        self.stopped = threading.Event()
        self.counter = 0
        self.attempts = self.unanswered = 0
        self.answered: list[tuple[float, float]] = []  # when what was answered was sent, and when the answer came
        self.longest_wait = 0.0
        self.failure = ""

    def run(self) -> None:
        try:
            self._sign_in()
            while not self.stopped.is_set():
                self._work()
        except Exception as wrong:  # noqa: BLE001 - told to the test, which fails of it
            self.failure = f"{self.name}: {wrong!r}"
        finally:
            self.journal.close()

    def _sign_in(self) -> None:
        fields = [("login", self.centre["login"]), ("password", self.centre["password"])]
        while not self.browser.cookies.get("sessionid") and not self.stopped.is_set():
            if self.browser.get("/login/").is_lost or self.browser.post("/login/", fields).is_lost:
                time.sleep(0.2)

    def _work(self) -> None:
        turn = self.choose.random()
        if turn < PAYS:
            self._pay()
        elif turn < MARKS:
            self._mark()
        else:
            self._change_rule()

    def _pay(self) -> None:
        student, desk = self.choose.choice(self.centre["students"]), self.choose.choice(self.centre["desks"])
        amount, key = self.choose.randrange(1_000, 900_000), self._new("pay")
        self._insist(
            {"do": "pay", "key": key, "student": student, "desk": desk, "amount": amount * 100},
            "payments/new/",
            [
                ("student", student), ("amount", amount), ("desk_id", desk), ("note", ""), ("key", key),
                ("paid_on", self.centre["today"]),
            ],
        )  # fmt: skip

    def _mark(self) -> None:
        lesson, topic = self.choose.choice(self.lessons), self._new("topic")
        expected = self.centre["lessons"][lesson]
        absent = {
            str(pk): self.choose.choice([None, *self.centre["reasons"]])
            for pk in self.choose.sample(expected, self.choose.randrange(4))
        }
        fields = [("topic", topic), ("because", "Paper journal"), *(("shown", pk) for pk in expected)]
        fields += [("present", pk) for pk in expected if str(pk) not in absent]
        fields += [(f"reason_{pk}", reason or "") for pk, reason in absent.items()]
        self._insist(
            {"do": "mark", "lesson": int(lesson), "topic": topic, "absent": absent, "expected": expected},
            f"lessons/{lesson}/", fields,
        )  # fmt: skip

    def _change_rule(self) -> None:
        counts = self.choose.random() < 0.5
        self._insist({"do": "rule", "counts": counts}, "settings/charging/", rule(counts=counts))

    def change_rules(self) -> None:
        """To and fro, when all is over: work for a worker that must be there by then."""
        for counts in (True, False):
            answer = self.browser.post(f"/{self.centre['slug']}/settings/charging/", rule(counts=counts))
            assert answer.status == http.HTTPStatus.FOUND, answer

    def _new(self, what: str) -> str:
        self.counter += 1
        return f"{what}-{self.number}-{self.counter}-{self.choose.getrandbits(64):016x}"

    def _insist(self, entry: dict[str, Any], path: str, fields: list[tuple[str, Any]]) -> None:
        """Sends it until it is answered."""
        self.counter += 1
        number, first = self.counter, time.monotonic()
        self.journal.write(number=number, **entry)
        while True:
            self.attempts += 1
            begun = time.monotonic()
            answer = self.browser.post(f"/{self.centre['slug']}/{path}", fields)
            if not answer.is_lost:
                break
            self.unanswered += 1
            self.journal.write(number=number, lost=True)
            assert time.monotonic() - first < PATIENCE, f"no answer to {entry}"
            time.sleep(0.1)
        assert answer.status == http.HTTPStatus.FOUND, f"{answer.status} to {entry}: {answer.text[:2000]}"
        assert "/login/" not in answer.location, f"signed out at {entry}"
        self.journal.write(number=number, answered=answer.location)
        ended = time.monotonic()
        self.answered.append((begun, ended))
        self.longest_wait = max(self.longest_wait, ended - first)


def rule(*, counts: bool) -> list[tuple[str, Any]]:
    """The form whose change recounts everybody in the background (decision D1)."""
    kept = {"rounding_step": "", "money_discount_per": "subscription", "holidays_credited": "no"}
    kept |= {name: usual(name).value for name in ANSWERS}
    return [("activation_day_counts", "yes" if counts else "no"), ("suspensions_extend", "yes"), *kept.items()]


@dataclass
class Sent:
    """One thing that a client wanted, as its journal tells it."""

    entry: dict[str, Any]
    was_lost: bool = False
    answered: str | None = None


def read_journals(folder: Path) -> list[Sent]:
    """What all clients wanted, each client's in its order."""
    found = []
    for file in sorted(folder.glob("*.journal")):
        sent: dict[int, Sent] = {}
        for line in map(json.loads, file.read_text().splitlines()):
            if "do" in line:
                sent[line["number"]] = Sent(line)
            elif "lost" in line:
                sent[line["number"]].was_lost = True
            else:
                sent[line["number"]].answered = line["answered"]
        found += sent.values()
    return found
