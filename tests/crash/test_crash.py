"""Nothing that was answered is lost, doubled or half-written, whatever is killed and whenever (law 10).

`DAFTAR_CRASH_KILLS` says how many kills.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import psycopg
import pytest

from tests.crash import naive
from tests.crash.audit import audit
from tests.crash.clients import read_journals
from tests.crash.installation import Installation
from tests.crash.killing import KINDS
from tests.crash.siege import Siege

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
]
KILLS = int(os.environ.get("DAFTAR_CRASH_KILLS", "20"))
NAIVE_KILLS = 6


def test_twenty_kills_lose_double_and_halve_nothing(capsys):
    began, seed = time.monotonic(), random.randrange(10**9)
    with Installation() as installation:
        centre = installation.centre("make")
        siege = Siege(installation, centre, seed)
        siege.run(KINDS, KILLS)
        code, said = installation.command("check-ledger")
        assert code == 0, said
        assert installation.stop() == 0
        recount = installation.centre("recount")
        verdict = look_into(installation, centre)
        with capsys.disabled():
            print(figures(siege, verdict, seed, time.monotonic() - began), recount)
        assert sum(siege.killer.done.values()) == KILLS
        assert siege.watcher.breaches == [], "laws 4 and 5 at every moment"
        assert not verdict.faults, verdict.text()
        assert recount["stuck"] == 0
        assert recount["posted"] == [0, 0], "everything due was posted, once"


def test_payments_taken_naively_do_not_survive_the_same(capsys):
    began, seed = time.monotonic(), random.randrange(10**9)
    with Installation("tests.crash.naive") as installation:
        centre = installation.centre("make")
        naive.drop_unique_rules(installation.url())
        siege = Siege(installation, centre, seed)
        siege.run([kind for kind in KINDS if kind != "worker"], NAIVE_KILLS)
        code, said = installation.command("check-ledger")
        verdict = look_into(installation, centre)
        with capsys.disabled():
            print(figures(siege, verdict, seed, time.monotonic() - began, name="the naive twin"))
    assert verdict.count("drift") > 0
    assert verdict.count("doubled", "lost", "transfer without its payment", "receipt numbers") > 0
    assert siege.watcher.breaches
    assert code == 1 and "accounts drifted" in said, "the product's own check sees it too"


def look_into(installation, centre):
    # Started if it is not running, as it is after a clean stop.
    from daftar.config import embedded

    with psycopg.connect(embedded.start(installation.data).url) as connection:
        return audit(connection, centre, read_journals(installation.folder))


def figures(siege, verdict, seed: int, seconds: float, name: str = "crash") -> str:
    known = ("lost", "doubled", "drift")
    others = sum(map(len, verdict.faults.values())) - verdict.count(*known)
    outages = {kind: siege.outages(kind) for kind in siege.killer.done}
    kinds = [f"{kind} {len(found)} (answers after {sum(found) / len(found):.1f} s)" for kind, found in outages.items()]
    return (
        f"\n{name}: seed {seed}, {seconds:.0f} s, {sum(siege.killer.done.values())} kills: {', '.join(kinds)}\n"
        f"  {sum(c.attempts for c in siege.clients)} attempts, {sum(len(c.answered) for c in siege.clients)} acknowledged,"
        f" {sum(c.unanswered for c in siege.clients)} without an answer, longest wait"
        f" {max(c.longest_wait for c in siege.clients):.1f} s, watched {siege.watcher.looks} times\n"
        f"  {verdict.payments} payments, {verdict.lessons} lessons, {verdict.transfers} transfers:"
        f" {', '.join(f'{kind} {verdict.count(kind)}' for kind in known)}, other faults {others}"
    )
