"""`import FILE` in a terminal: the same rules without a browser."""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from daftar.courses.models import Group
from daftar.ledger.queries import statement
from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Student
from daftar.transfer.models import Import
from tests.cast import a_centre

DATA = Path(__file__).resolve().parents[3] / "tests/data"
MESSY = str(DATA / "clients_messy_cp1251.csv")


@pytest.fixture
def by(db):
    return a_centre(currency="RUB", timezone="Europe/Moscow")


def test_groups_that_are_not_here_are_never_made_unasked(by):
    with pytest.raises(CommandError, match="--new-groups.*ENG-A1, НЕТ-ТАКОЙ"):
        call_command("import", MESSY)
    with tenant_transaction(by.org_id):
        assert not Import.objects.visible_to(by).exists()


def test_a_check_says_everything_and_keeps_nothing(by, capsys, tmp_path):
    errors = tmp_path / "errors.csv"
    call_command("import", MESSY, "--new-groups", "make", "--no-run", "--errors", str(errors))
    said = capsys.readouterr().out
    assert "55 rows: 46 create, 1 duplicate, 6 error, 2 warning." in said
    assert "row 46, error: Дата рождения unclear_date 6/5/14" in said
    assert errors.read_bytes().startswith(b"\xef\xbb\xbf")
    assert errors.read_text(encoding="utf-8-sig").count("\n") == 10
    with tenant_transaction(by.org_id):
        assert not Student.objects.visible_to(by).exists()


def test_a_file_is_taken_over_and_again_adds_nothing(by, capsys):
    words = [str(DATA / "clients_alfacrm_ru.csv"), "--new-groups", "make", "--on", "2025-05-01"]
    call_command("import", *words)
    call_command("import", *words)
    assert capsys.readouterr().out.splitlines()[-1] == "0 of 0 added."
    with tenant_transaction(by.org_id):
        assert (Student.objects.visible_to(by).count(), Group.objects.visible_to(by).count()) == (300, 18)
        student = Student.objects.visible_to(by).get(full_name="Прасковья Егоровна Исаева")
        assert [(line.kind, line.on, line.amount) for line in statement(by, student.pk)] == [
            ("opening", date(2025, 5, 1), -70_000)
        ]


def test_wrong_words_are_told(by, tmp_path):
    for words, said in (
        ([str(tmp_path / "none.csv")], "There is no file"), ([MESSY, "--branch", "Moon"], "No such branch"),
        ([MESSY, "--on", "2099-01-01", "--new-groups", "make"], "future"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=said):
            call_command("import", *words)
