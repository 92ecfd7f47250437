"""Someone who brings files all the while, and whether each became its people and balances once, or not at all."""

from __future__ import annotations

import http
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from tests.crash.clients import PATIENCE, Client

if TYPE_CHECKING:
    import psycopg

    from tests.crash.clients import Answer, Sent

ROWS = 250  # more than one part of a job
PAUSE = 1.0
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu")
TAKEN = """
    SELECT count(*), count(DISTINCT s.full_name), count(t.id), coalesce(sum(
        CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END), 0)::bigint, coalesce(sum(a.balance), 0)::bigint
    FROM daftar_student s
    LEFT JOIN daftar_account a ON a.student_id = s.id
    LEFT JOIN daftar_transfer t ON t.kind = 'opening' AND a.id IN (t.debit_id, t.credit_id)
    WHERE s.full_name LIKE %s
"""


def word(row: int) -> str:
    """A name of its own for each row: letters that are doubled would be read as one."""
    return "".join(SYLLABLES[int(digit)] for digit in f"{row:03}")


def balance_of(row: int) -> int:
    """In major units; never nothing, which is no transfer."""
    return (row - ROWS // 2) * 1000 + 500


class Importer(Client):
    """Brings a file of its own, says what its columns are, starts it, and takes the next one."""

    def _work(self) -> None:
        mark = f"Imp{secrets.token_hex(4)}"
        lines = [f"{mark} {word(row)};{balance_of(row)}" for row in range(ROWS)]
        content = "\n".join(["Name;Balance", *lines]).encode()
        self.counter += 1
        number, first = self.counter, time.monotonic()
        self.journal.write(number=number, do="import", mark=mark)
        where = [("branch_id", self.centre["branch"]), ("opens_on", self.centre["today"])]
        brought = self._until(first, "imports/new/", where, (f"{mark}.csv", content))
        place = re.search(r"imports/\d+/", brought.location)[0]
        self._until(first, f"{place}columns/", [("column_0", "name"), ("column_1", "balance")])
        self._until(first, f"{place}check/", [])
        self.journal.write(number=number, answered=place)
        self.answered.append((first, time.monotonic()))
        self.stopped.wait(PAUSE)

    def _until(self, first: float, path: str, fields: list[tuple[str, Any]], file: Any = None) -> Answer:
        """Sent until it is answered; what was done already by an answer that got lost is refused, and is done."""
        was_lost = False
        while True:
            self.attempts += 1
            answer = self.browser.post(f"/{self.centre['slug']}/{path}", fields, file=file)
            if answer.status == http.HTTPStatus.FOUND or (
                was_lost and answer.status == http.HTTPStatus.UNPROCESSABLE_ENTITY
            ):
                return answer
            assert answer.is_lost, f"{answer.status} to {path}: {answer.text[-2000:]}"
            was_lost = True
            self.unanswered += 1
            assert time.monotonic() - first < PATIENCE, f"no answer to {path}"
            time.sleep(0.1)


def faults_of(connection: psycopg.Connection[Any], sent: list[Sent]) -> list[str]:
    """What is wrong with the files that were brought, once all their jobs are over."""
    whole = (ROWS, ROWS, ROWS, *[sum(balance_of(row) for row in range(ROWS)) * 100] * 2)
    wrong = []
    for each in sent:
        found = connection.execute(TAKEN, [f"{each.entry['mark']} %"]).fetchone()
        if found != whole and (each.answered or found[0]):
            wrong.append(f"{each.entry['mark']}: {found}, not {whole}")
    return wrong
