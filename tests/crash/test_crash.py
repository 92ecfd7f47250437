"""Nothing that was answered is lost, doubled or half-written, whatever is killed and whenever (law 10).

`DAFTAR_CRASH_KILLS` says how many kills: `100`, or with the seed of an earlier run `100:975397584`. The seed gives the
same clients, kinds and pauses; what exactly a kill hits is up to the moment.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import psycopg
import pytest

from daftar.config import embedded
from tests.crash import naive
from tests.crash.audit import audit
from tests.crash.clients import read_journals
from tests.crash.importing import ROWS, faults_of
from tests.crash.installation import Installation
from tests.crash.killing import KINDS
from tests.crash.siege import Siege

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
]
KILLS, _, SEED = os.environ.get("DAFTAR_CRASH_KILLS", "10").partition(":")
ANSWERS_PER_KILL = 15
DURABLE = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
WAITING = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
NAIVE_KILLS, NAIVE_ANSWERS = 6, 200
# What somebody who owns the tables could do, and what must be found then.
SPOILT = {
    "UPDATE daftar_account SET balance = balance + 1 WHERE id = (SELECT min(id) FROM daftar_account)": {"drift"},
    "DELETE FROM daftar_attendance WHERE id = (SELECT min(id) FROM daftar_attendance)": {"half a lesson"},
    "UPDATE daftar_lesson SET topic = 'another' WHERE status = 'conducted'": {"lost"},
    "ALTER TABLE daftar_payment DISABLE TRIGGER USER; DELETE FROM daftar_payment WHERE number = 1": {
        "lost", "receipt numbers", "transfer without its payment",
    },
    "ALTER TABLE daftar_payment DISABLE TRIGGER USER; UPDATE daftar_payment SET amount = amount + 1": {
        "recorded otherwise", "payment unlike its transfer",
    },
    "ALTER TABLE daftar_transfer DISABLE TRIGGER USER; DELETE FROM daftar_transfer WHERE kind = 'charge'": {
        "charges", "drift",
    },
}  # fmt: skip


def test_kills_lose_double_and_halve_nothing(capsys):
    began = time.monotonic()
    with Installation() as installation:
        siege = Siege(installation, installation.centre("make"), a_seed())
        assert durable(installation) == ["on"] * len(DURABLE)
        siege.run(KINDS, int(KILLS), answers=ANSWERS_PER_KILL * int(KILLS))
        siege.clients[0].change_rules()
        installation.wait_until(lambda: not waiting_jobs(installation), "the worker does not work")
        code, said = installation.command("check-ledger")
        assert code == 0, said
        assert installation.stop() == 0
        verdict, recount = look_into(siege), installation.centre("recount")
        files = [each for each in read_journals(installation.folder) if each.entry["do"] == "import"]
        with psycopg.connect(embedded.start(installation.data).url) as connection:
            half = faults_of(connection, files)
            connection.execute("UPDATE daftar_student SET full_name = 'gone' WHERE full_name LIKE 'Imp% bababa'")
            assert len(faults_of(connection, files)) > len(half), "it can see what it looks for"
            connection.rollback()
        with capsys.disabled():
            print(figures("crash", siege, verdict, time.monotonic() - began))
            taken = sum(each.answered is not None for each in files)
            print(f"  {taken} files of {ROWS} rows, taken otherwise than once and whole: {len(half)}")
        assert len(siege.killed) == int(KILLS)
        assert siege.watcher.breaches == [], "laws 4 and 5 at every moment"
        assert not verdict.faults, verdict.text()
        assert recount["jobs not done"] == 0
        assert half == [], "each file was taken over once and whole, or not begun"
        assert any(each.answered for each in files)
        assert recount["posted"] == [0, 0], "everything due was posted, once"
        for spoiling, kinds in SPOILT.items():
            assert kinds <= look_into(siege, spoiling).faults.keys(), "the audit can see what it looks for"


def test_payments_taken_naively_do_not_survive_the_same(capsys):
    began = time.monotonic()
    with Installation("tests.crash.naive") as installation:
        siege = Siege(installation, installation.centre("make"), a_seed())
        naive.drop_rules(installation.url())
        siege.run(("web", "backend", "database"), NAIVE_KILLS, NAIVE_ANSWERS)
        code, said = installation.command("check-ledger")
        verdict = look_into(siege)
        with capsys.disabled():
            print(figures("the naive twin", siege, verdict, time.monotonic() - began))
    assert verdict.count("drift") > 0
    assert verdict.count("doubled", "lost", "transfer without its payment", "receipt numbers") > 0
    assert siege.watcher.breaches
    assert code == 1 and "accounts drifted" in said, "the product's own check sees it too"


def a_seed() -> int:
    return int(SEED or random.SystemRandom().randrange(10**9))


def durable(installation) -> list[str]:
    with psycopg.connect(installation.url()) as connection:
        return [connection.execute(f"SHOW {name}").fetchone()[0] for name in DURABLE]


def waiting_jobs(installation) -> int:
    with psycopg.connect(installation.url()) as connection:
        return connection.execute(WAITING).fetchone()[0]


def look_into(siege, spoiling: str = "SELECT 1"):
    """What the audit finds; in books that were spoilt before, for as long as it looks."""
    # Started if it is not running, as it is after a clean stop.
    with psycopg.connect(embedded.start(siege.installation.data).url) as connection:
        connection.execute(spoiling)
        verdict = audit(connection, siege.centre, read_journals(siege.installation.folder))
        connection.rollback()
    return verdict


def figures(name: str, siege, verdict, seconds: float) -> str:
    known, clients = ("lost", "doubled", "drift"), siege.clients
    others = sum(map(len, verdict.faults.values())) - verdict.count(*known)
    outages = [(kind, siege.outages(kind)) for kind in sorted({kind for kind, _at in siege.killed})]
    kinds = [f"{kind} {len(found)} (an answer after {sum(found) / len(found):.1f} s)" for kind, found in outages]
    return (
        f"\n{name}: {seconds:.0f} s, seed {siege.seed}, {len(siege.killed)} kills: {', '.join(kinds)}\n"
        f"  {sum(each.attempts for each in clients)} attempts, {sum(len(each.answered) for each in clients)}"
        f" acknowledged, {sum(each.unanswered for each in clients)} without an answer, longest wait"
        f" {max(each.longest_wait for each in clients):.1f} s, watched {siege.watcher.looks} times\n"
        f"  {verdict.payments} payments, {verdict.lessons} lessons, {verdict.transfers} transfers:"
        f" {', '.join(f'{kind} {verdict.count(kind)}' for kind in known)}, other faults {others}"
    )
