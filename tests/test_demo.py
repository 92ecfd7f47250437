"""The demo centre as a newcomer meets it: pages answer while its months are lived, and one command takes it away."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from django.apps import apps

from daftar.config.demo import LOGINS, PASSWORD, ZONE, name_of
from tests.books import beancount_says, hledger_says
from tests.crash.clients import Browser
from tests.crash.installation import Installation

LONGEST = 120.0
LONGEST_PAGE = 3.0
PAGES = ("", "students/", "groups/", "debtors/", "payments/", "history/")
BALANCES = "SELECT student_id, balance FROM daftar_account WHERE kind = 'student'"
LIVED = "SELECT count(*) FROM daftar_organization WHERE slug = 'demo' AND demo_until = %s"
FIGURES = """
    SELECT (SELECT count(*) FROM daftar_branch), (SELECT count(*) FROM daftar_student),
        (SELECT count(DISTINCT date_trunc('month', held_on)) FROM daftar_lesson WHERE status = 'conducted'),
        (SELECT count(*) FROM daftar_attendance) > 10000,
        (SELECT count(DISTINCT branch_id) FROM daftar_payment), (SELECT count(*) FROM daftar_payment) > 500,
        (SELECT count(*) FROM daftar_account WHERE kind = 'student' AND balance < 0) BETWEEN 5 AND 150,
        (SELECT count(*) FROM daftar_testresult) > 250, (SELECT count(*) FROM daftar_examresult WHERE score > 0) > 700
"""


def test_the_demo_centre_is_lived_while_its_pages_answer_and_is_taken_away_by_one_command(capsys, tmp_path):
    began = time.monotonic()
    with Installation(more=()) as installation, psycopg.connect(installation.url(), autocommit=True) as database:
        browser, slowest, asked = signed_in(installation.port), 0.0, 0
        assert "data-demo" in browser.get("/demo/").text, "it says how far it is"
        while not lived(database):
            assert time.monotonic() - began < LONGEST, installation.last_words()
            for page in PAGES:
                sent = time.monotonic()
                assert browser.get(f"/demo/{page}").status == 200
                slowest, asked = max(slowest, time.monotonic() - sent), asked + 1
            time.sleep(2)  # whoever asks without a pause only keeps the demo from being lived
        took = time.monotonic() - began
        assert "data-demo" not in browser.get("/demo/").text
        figures = database.execute(FIGURES).fetchone()
        checked, said = installation.command("check-ledger")
        ours = dict(database.execute(BALANCES).fetchall())
        theirs = {program: exported(installation, program, tmp_path) for program in ("beancount", "hledger")}
        gone, words = installation.command("demo", "--remove")
        left = {table: count for table in tables() if (count := rows(database, table))}
        guarded = database.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'append_only' AND tgenabled = 'O'")
        again, complaint = installation.command("demo", "--remove")
        with capsys.disabled():
            print(f"\ndemo: {took:.0f} s from `up` to today, {asked} pages meanwhile, the slowest {slowest:.2f} s")
    assert figures == (3, 300, 5, True, 3, True, True, True, True), "four months touch five"
    assert checked == 0, said
    assert len(ours) == 300
    for program, (wrong, held) in theirs.items():
        assert not wrong, (program, wrong)
        assert {pk: held.get(f"Liabilities:Students:{pk}", 0) for pk in ours} == {
            pk: -sum_ for pk, sum_ in ours.items()
        }
    assert slowest < LONGEST_PAGE
    assert gone == 0, words
    assert left == {}
    assert guarded.fetchone() == (5,), "what is written once is guarded again"
    assert again == 1 and "no demo centre" in complaint


def exported(installation: Installation, program: str, folder: Path):
    """What an accounting program says of the whole ledger, and what its accounts hold."""
    file = folder / f"demo.{program}"
    code, said = installation.command("export-ledger", "--format", program, "--output", str(file))
    assert code == 0, said
    return {"beancount": beancount_says, "hledger": hledger_says}[program](file)


def test_no_two_students_of_the_demo_centre_have_one_name():
    assert len({name_of(place)[0] for place in range(300)}) == 300


def signed_in(port: int) -> Browser:
    browser = Browser(port)
    browser.get("/login/")
    assert browser.post("/login/", [("login", LOGINS["owner"]), ("password", PASSWORD)]).status == 302
    return browser


def lived(database) -> bool:
    today = datetime.now(ZoneInfo(ZONE)).date()
    return database.execute(LIVED, [today]).fetchone() == (1,)


def tables() -> list[str]:
    return [model._meta.db_table for model in apps.get_app_config("daftar").get_models()]


def rows(database, table: str) -> int:
    return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
