"""Moving in, in a browser: a messy file through the wizard, and what was wrong with it back on the disk."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

from django.db import connection

from daftar.courses.rules import PlanKind
from daftar.ledger.queries import drift
from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Student
from tests.cast import a_course, a_group
from tests.working import work

DATA = Path(__file__).resolve().parents[1] / "data"


def test_a_messy_file_is_brought_in_by_five_presses(visit, centre, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    with tenant_transaction(centre.org_id):
        course = a_course(centre, plan=PlanKind.PER_LESSON, price=5_000_000)
        today = centre.today
        a_group(centre, course, "ENG-A1", starts_on=str(today), last_on=str(today + timedelta(days=200)))
    who = visit("aziza@lingua.example", accept_downloads=True)

    who.open("/lingua/imports/")
    who.click("text=Bring a file")
    who.page.set_input_files("[name=file]", DATA / "clients_messy_cp1251.csv")
    who.save()
    assert "windows-1251" in who.text()
    assert who.page.input_value("[name=column_0]") == "name"
    assert who.page.input_value("[name=column_3]") == "groups"
    who.save()
    who.page.select_option("[name=fate_1]", label="Leave it out")
    assert not who.page.is_visible("[name=course_1]"), "what is left out is not asked about"
    who.save()
    shown = who.page.locator("main .tile-figure").all_inner_texts()
    # 8 (912) 345-67-89 is a number in Russia and none in this centre's country.
    counts = expected_counts()
    assert [int(text) for text in shown] == [counts[0] - 1, counts[1] + 1, *counts[2:]]
    assert "day first or month first" in who.text()
    who.save()
    assert "0 of 48 added" in who.text()
    work()
    who.page.wait_for_selector("text=48 of 48 added", timeout=10_000)

    lines = downloaded(who, tmp_path / "errors.csv")
    assert lines[0][-1] == "What is wrong"
    assert "много" in next(line for line in lines if "not an amount" in line[-1])
    who.open("/lingua/students/")
    assert "<script>alert(1)</script> Пётр" in who.text()
    assert who.errors == []
    with tenant_transaction(centre.org_id):
        assert Student.objects.visible_to(centre).count() == 48
        assert drift(centre) == []
    undo(who)
    with tenant_transaction(centre.org_id):
        assert not Student.objects.visible_to(centre).filter(archived_on=None).exists()
        assert drift(centre) == []


def expected_counts() -> list[int]:
    rows = json.loads((DATA / "clients_messy_expected.json").read_text())
    kinds = ("create", "warning", "error", "duplicate", "known")
    return [sum(row["verdict"] == kind for row in rows) for kind in kinds]


def undo(who) -> None:
    """All of it, by two presses on the page of the import."""
    who.open("/lingua/imports/")
    who.page.click("main .row-link")
    who.page.click("[data-testid=import-undo]")
    who.save()
    assert "This import is being undone" in who.text()
    work()
    who.page.wait_for_selector("text=This import is undone.", timeout=10_000)


def downloaded(who, file: Path) -> list[list[str]]:
    with who.page.expect_download() as download:
        who.click("text=Download these rows")
    download.value.save_as(file)
    return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), delimiter=";"))
