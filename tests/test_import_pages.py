"""An import over HTTP: what is uploaded is only data, what runs can be looked at, what is wrong can be taken home."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from daftar.lib.tenancy import tenant_transaction
from daftar.transfer.models import Import
from daftar.transfer.services import take_rows
from daftar.transfer.tests.test_files import a_bomb
from tests.cast import PASSWORD, a_centre

DATA = Path(__file__).resolve().parent / "data"


@pytest.fixture
def centre(db):
    return a_centre(currency="RUB", timezone="Europe/Moscow")


@pytest.fixture
def owner(centre):
    client = Client()
    client.post("/login/", {"login": "aziza@lingua.example", "password": PASSWORD})
    return client


def upload(owner, centre, content: bytes, name: str = "clients.csv"):
    with tenant_transaction(centre.org_id):
        from tests.cast import a_branch

        branch_id = a_branch(centre).pk
    body = {"file": SimpleUploadedFile(name, content), "branch_id": branch_id, "opens_on": "2026-11-10"}
    return owner.post("/lingua/imports/new/", body)


def the_import(centre) -> Import:
    with tenant_transaction(centre.org_id):
        return Import.objects.visible_to(centre).get()


def test_a_bomb_is_refused_beside_the_field_and_nothing_is_kept(owner, centre):
    answer = upload(owner, centre, a_bomb(), "clients.xlsx")
    assert answer.status_code == 422
    assert "unpacks to far more" in answer.content.decode()
    with tenant_transaction(centre.org_id):
        assert not Import.objects.visible_to(centre).exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\u202efdp.csv", "<script>.csv", "x" * 400 + ".csv", "=1+1.csv"])
def test_a_files_name_is_only_text(owner, centre, name):
    assert upload(owner, centre, b"Name\n<img src=x onerror=alert(1)>\n", name).status_code == 302
    row = the_import(centre)
    for part in ("", "columns/", "check/"):
        text = owner.get(f"/lingua/imports/{row.pk}/{part}").content.decode()
        assert "<script>." not in text
        assert "<img src=x" not in text
    sent = owner.get(f"/lingua/imports/{row.pk}/errors/")["Content-Disposition"]
    assert sent.isascii() and sent.count('"') == 2 and "/" not in sent


def test_a_file_from_upload_to_result_without_a_script(owner, centre):
    """Plain forms and reloads: no htmx is needed."""
    assert upload(owner, centre, (DATA / "clients_messy_cp1251.csv").read_bytes()).status_code == 302
    row = the_import(centre)
    base = f"/lingua/imports/{row.pk}/"
    fields = {f"column_{place}": name for place, name in enumerate(row.fields)}
    tried = owner.get(f"{base}columns/", fields | {"date_order": "dmy"}).content.decode()
    assert "2 not a day" in tried or "2 in the future" in tried or "not a day" in tried
    assert owner.post(f"{base}columns/", fields | {"date_order": "dmy"})["Location"] == f"{base}groups/"
    groups = {"fate_0": "new", "course_0": "new", "name_0": "English", "plan_0": "per_lesson", "fate_1": "out"}
    assert owner.post(f"{base}groups/", groups)["Location"] == f"{base}check/"
    check = owner.get(f"{base}check/").content.decode()
    assert "49 students will be added." in check, "6/5/14 was answered"
    assert owner.post(f"{base}check/")["Location"] == base
    assert owner.post(f"{base}check/").status_code == 422, "it runs already"
    running = owner.get(base).content.decode()
    assert 'hx-trigger="every 2s"' in running and "0 of 49 added" in running

    with tenant_transaction(centre.org_id):
        while take_rows(centre, import_id=row.pk):
            pass

    done = owner.get(base).content.decode()
    assert "49 of 49 added" in done and 'hx-trigger="every' not in done
    wrong = owner.get(f"{base}errors/")
    assert wrong["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(wrong.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [line[0][:6] for line in lines[1:4]] == ["", "Антип ", "Евпрак"]
    assert lines[3][-1] == "Дата рождения: There is no such day: 31.02.2014."


def test_the_corrected_rows_come_back_and_only_they_are_added(owner, centre):
    upload(owner, centre, "ФИО;Остаток\nИванов;5\nПетров;много\n=1+1;7\n".encode())
    row = the_import(centre)
    base = f"/lingua/imports/{row.pk}/"
    owner.post(f"{base}columns/", {"column_0": "name", "column_1": "balance"})
    owner.post(f"{base}check/")
    with tenant_transaction(centre.org_id):
        take_rows(centre, import_id=row.pk)
    wrong = owner.get(f"{base}errors/").content
    assert wrong.decode("utf-8-sig").splitlines()[1:] == ["Петров;много;Остаток: This is not an amount: много."]

    upload(owner, centre, wrong.replace("много;".encode(), b"12;"), "again.csv")
    with tenant_transaction(centre.org_id):
        again = Import.objects.visible_to(centre).order_by("-id")[0]
    assert again.fields == ["name", "balance", "skip"]


def test_two_columns_for_one_field_are_told_beside_the_second(owner, centre):
    upload(owner, centre, b"Name;Debt;More\nA;1;2\n")
    row = the_import(centre)
    body = {"column_0": "name", "column_1": "balance", "column_2": "balance"}
    answer = owner.post(f"/lingua/imports/{row.pk}/columns/", body)
    assert answer.status_code == 422
    assert 'id="id_column_2_error">Another column is this already.' in answer.content.decode()
