"""Columns recognised, cells read and rows judged: pure rules, with the three files of real programs."""

import json
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daftar.transfer.rules import (
    Conditions,
    Field,
    GroupFate,
    Line,
    Surroundings,
    first_due_after,
    guess,
    judge,
    named_groups,
    read_client,
    table_of_text,
    wrong_fields,
)
from daftar.transfer.rules.table import plain, sniff_delimiter
from daftar.transfer.rules.values import read_day, read_number, read_time, read_weekdays

DATA = Path(__file__).resolve().parents[3] / "tests/data"
RUSSIA = Conditions(currency="RUB", region="RU", today=date(2026, 11, 25))


def judged(text, fates=None, conditions=RUSSIA, **outside):
    table = table_of_text(text.encode() if isinstance(text, str) else text)
    fields = guess(table.headings, {})
    readings = [read_client(line.number, line.cells, table.headings, fields, conditions) for line in table.lines]
    return judge(readings, Surroundings(fates=fates or {}, **outside))


def verdicts(*args, **kwargs):
    return {each.number: each.verdict.value for each in judged(*args, **kwargs)}


@pytest.mark.parametrize("fate", [GroupFate.NEW, GroupFate.LEFT_OUT])
def test_the_messy_file_is_judged_as_expected_row_by_row(fate):
    expected = {row["row"]: row["verdict"] for row in json.loads((DATA / "clients_messy_expected.json").read_text())}
    fates = {"eng-a1": GroupFate.HERE, "нет-такой": fate}
    assert verdicts((DATA / "clients_messy_cp1251.csv").read_bytes(), fates) == expected


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        ("ФИО клиента|Дата рождения|Имя заказчика|Контакт - мобильный|Остаток|Группы|Стоимость 1 урока|Предмет|Школа",
         "name born_on payer phone balance groups lesson_price course extra"),
        ("F.I.Sh.|Telefon|Qo'shimcha telefon|Tug'ilgan sana|Kurs|Guruh|Kunlar|Vaqt|Kurs narxi|Balans|Izoh",
         "name phone phone born_on course groups days time month_price balance note"),
        ("Qoʻshimcha telefon|TUGʻILGAN SANA|Oʻquvchi", "phone born_on name"),
        ("Imię|Nazwisko|Telefon|E-mail|Data urodzenia|Grupa|Saldo|Co jest nie tak",
         "name name phone email born_on groups balance skip"),
        ("Nome|Cognome|Cellulare|Data di nascita|Gruppo|Saldo", "name name phone born_on groups balance"),
        ("Full name|Date of birth|Phone number|Group|Balance|Balance", "name born_on phone groups balance extra"),
        ("|ФИО|", "skip name skip"),
    ],
)  # fmt: skip
def test_headings_of_five_languages_are_recognised(headings, fields):
    assert [field.value for field in guess(headings.split("|"), {})] == fields.split()


def test_what_the_centre_said_before_wins_over_the_heading():
    assert guess(["Статус", "Человек"], {"status": "note", "chelovek": "name"}) == [Field.NOTE, Field.NAME]


def test_the_name_is_required_and_most_fields_are_one_column():
    assert wrong_fields([Field.PHONE, Field.BALANCE, Field.BALANCE]) == [Field.NAME, Field.BALANCE]
    assert wrong_fields([Field.NAME, Field.NAME, Field.PHONE, Field.PHONE]) == []


@pytest.mark.parametrize(
    ("written", "order", "day", "wrong"),
    [
        ("6/5/14", "", None, "unclear_date"), ("6/5/14", "dmy", date(2014, 5, 6), ""),
        ("6/5/14", "mdy", date(2014, 6, 5), ""), ("25/12/1999", "mdy", None, "bad_date"),
        ("25/12/1999", "dmy", date(1999, 12, 25), ""), ("01.02.87", "dmy", date(1987, 2, 1), ""),
        ("31.02.2014", "dmy", None, "bad_date"), ("2014-05-06", "mdy", date(2014, 5, 6), ""),
        ("вчера", "", None, "bad_date"),
    ],
)  # fmt: skip
def test_unclear_days_are_asked_about_and_never_guessed(written, order, day, wrong):
    assert read_day(written, order) == (day, wrong)


@pytest.mark.parametrize(
    ("written", "e164", "wrong"),
    [
        ("8 (912) 345-67-89", "+79123456789", ""), ("12345", None, "bad_phone"), ("9.98901E+11", None, "rounded_phone"),
        ("9,98901E+11", None, "rounded_phone"), ("7.9123456789E+10", "+79123456789", ""), ("9" * 60, None, "bad_phone"),
    ],
)  # fmt: skip
def test_phones_that_a_spreadsheet_rounded_are_noticed(written, e164, wrong):
    phone, said = read_number(written, "RU")
    assert (phone.e164 if phone else None, said) == (e164, wrong)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("Toq kunlar", (1, 3, 5)), ("Juft kunlar", (2, 4, 6)), ("Har kuni", (1, 2, 3, 4, 5, 6, 7)),
        ("пн, ср, пт", (1, 3, 5)), ("Вторник Четверг", (2, 4)), ("Mon Wed", (1, 3)), ("pn śr", (1, 3)),
        ("lun mar", (1, 2)), ("когда-нибудь", ()), ("", ()),
    ],
)  # fmt: skip
def test_days_of_the_week_are_read(written, days):
    assert read_weekdays(written) == days


def test_times_are_read():
    assert [read_time(text) for text in ("14:00", "9.30-11.00", "25:00", "утро", "")] == [
        time(14), time(9, 30), None, None, None,
    ]  # fmt: skip


def test_a_phone_that_is_none_goes_into_the_note_and_the_row_is_taken():
    row = judged("ФИО;Телефон;Примечание\nИванов;12345;сосед\n")[0]
    assert (row.verdict, row.client.phones, row.client.note) == ("warning", (), "сосед\nТелефон: 12345")


def test_of_two_rows_with_one_person_the_first_that_can_be_taken_counts():
    text = (
        "ФИО;Дата рождения;Остаток\nИванов Иван;01.02.2014;много\nИван Иванов;01.02.2014;5\nIvanov Ivan;01.02.2014;6\n"
    )
    assert verdicts(text) == {2: "error", 3: "create", 4: "duplicate"}


def test_who_is_here_already_is_left_alone():
    text = "ФИО;Дата рождения\nИванов;01.02.2014\nПетров;01.02.2014\n"
    assert verdicts(text, known_numbers={2}, known_keys={"petrov|2014-02-01"}) == {2: "known", 3: "known"}


def test_a_group_that_only_one_row_names_is_worth_a_look():
    fates = {"a1": GroupFate.NEW, "b2": GroupFate.NEW}
    rows = judged("ФИО;Группа\nИванов;A1\nПетров;a1\nСидоров;B2\n", fates)
    assert [each.verdict for each in rows] == ["create", "create", "warning"]


def test_groups_tell_what_most_of_their_rows_say():
    table = table_of_text(
        "ФИО;Группа;Курс;Цена;Дни;Время\nА;A1;X;5;пн;9:00\nБ;a1;X;6;пн;9:00\nВ;A1;Y;6;вт;\nГ;A1,B2;Z;1;;\n".encode()
    )
    fields = guess(table.headings, {})
    readings = [read_client(line.number, line.cells, table.headings, fields, RUSSIA) for line in table.lines]
    first, second = named_groups(readings)
    assert (first.name, first.rows, first.subject, first.month_price.amount, first.weekdays, first.starts_time) == (
        "A1", 4, "X", 600, (1,), time(9),
    )  # fmt: skip
    assert (second.name, second.rows, second.subject) == ("B2", 1, "Z")


@pytest.mark.parametrize(
    ("opens", "due"), [("2026-11-10", "2026-12-01"), ("2026-11-01", "2026-12-01"), ("2026-12-31", "2027-01-01")]
)
def test_the_first_due_date_lies_after_the_opening_date(opens, due):
    assert first_due_after(date.fromisoformat(opens)) == date.fromisoformat(due)


def test_a_delimiter_inside_quotes_is_none():
    assert sniff_delimiter('a;b\n"1,2,3";4\n"5,6,7";8\n') == ";"
    assert plain("'=1+1") == "=1+1"
    assert plain("'тис") == "'тис"


cells = st.text(max_size=12) | st.sampled_from(["6/5/14", "9.98901E+11", "1,5", "-700", "A, B", "=1", "\ud7ff"])


@given(
    st.lists(st.sampled_from(list(Field)), min_size=1, max_size=8), st.lists(st.lists(cells, max_size=9), max_size=4)
)
def test_no_content_is_an_exception_and_every_row_has_one_verdict(fields, rows):
    headings = [f"h{place}" for place in range(len(fields))]
    lines = [Line(number, row) for number, row in enumerate(rows, start=2)]
    readings = [read_client(line.number, line.cells, headings, fields, RUSSIA) for line in lines]
    found = judge(readings, Surroundings())
    assert len({each.number for each in found}) == len(found) <= len(rows)
    assert judge(readings, Surroundings()) == found
