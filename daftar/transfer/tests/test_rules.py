"""Rows of another program's file."""

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daftar.lib.money import Money
from daftar.transfer.rules import (
    BALANCE,
    BORN,
    COLUMNS,
    EMAIL,
    GROUPS,
    LESSON_PRICE,
    NAME,
    PAYER,
    PHONE,
    RowProblem,
    read_rows,
)

FILE = Path(__file__).parents[3] / "tests" / "data" / "clients_alfacrm_ru.csv"


def read(header, *rows, currency="RUB", region="RU"):
    return read_rows(header, rows, currency=currency, region=region)


def the_file():
    with FILE.open(encoding="utf-8-sig", newline="") as text:
        header, *rows = csv.reader(text)
    return header, rows


def test_the_whole_file_of_300_persons_is_read():
    header, rows = the_file()

    clients, problems = read(header, *rows)

    assert problems == []
    assert len(clients) == len({client.natural_key for client in clients}) == 300
    assert [client.row_number for client in clients] == list(range(2, 302))
    assert all(phone.e164 for client in clients for phone in client.phones)
    assert sum((client.balance for client in clients), Money(0, "RUB")) == Money(
        round(sum(float(row[7]) for row in rows) * 100), "RUB"
    )
    assert sum(len(client.groups) == 2 for client in clients) == sum("," in row[9] for row in rows) > 0
    assert clients[0].full_name == "Прасковья Егоровна Исаева"
    assert clients[0].born_on == date(2019, 1, 18)
    assert clients[0].payer_name == "Яков Алексеевич Семенов"
    assert (clients[0].balance, clients[0].lesson_price) == (Money(-700_00, "RUB"), Money(737_50, "RUB"))
    assert (clients[0].source, clients[0].study_status) == ("Instagram", "Активен")
    assert (clients[0].subject, clients[0].level, clients[0].note) == ("Программирование", "Scratch", "платит бабушка")
    assert clients[0].extra == {"Школа": "Школа №30"}
    assert clients[2].email == "savva_2021@hotmail.com"
    assert clients[8].groups == ("ПРО-Python-2", "МАТ-5-2")


def test_only_the_name_is_required():
    clients, problems = read([NAME], ["Farhod"])

    assert problems == []
    assert (clients[0].full_name, clients[0].born_on, clients[0].phones, clients[0].balance) == (
        "Farhod",
        None,
        (),
        None,
    )
    assert (clients[0].groups, clients[0].extra, clients[0].email) == ((), {}, "")


def test_columns_may_stand_in_any_order_with_spaces_and_a_byte_order_mark():
    clients, problems = read(["\ufeffОстаток ", f" {NAME}"], [" 1\u00a0250,50", "Farhod\u00a0"])

    assert problems == []
    assert (clients[0].full_name, clients[0].balance) == ("Farhod", Money(1_250_50, "RUB"))


def test_without_the_name_column_nothing_is_read():
    assert read([BORN], ["18.01.2019"]) == ([], [RowProblem(1, NAME, "missing_header", "")])
    assert read([NAME, BORN, BORN], ["Farhod", "", ""]) == ([], [RowProblem(1, BORN, "double_header", BORN)])


@pytest.mark.parametrize("written", ["18.01.2019", "18.1.2019", "2019-01-18"])
def test_days_are_read(written):
    clients, problems = read([NAME, BORN], ["Farhod", written])

    assert (clients[0].born_on, problems) == (date(2019, 1, 18), [])


@pytest.mark.parametrize("written", ["31.02.2019", "18.01.19", "01/18/2019", "18.01.1899", "скоро", "18.01.2019 12:00"])
def test_a_bad_day_is_a_problem_and_the_person_is_read(written):
    clients, problems = read([NAME, BORN], ["Farhod", written])

    assert problems == [RowProblem(2, BORN, "bad_date", written)]
    assert (clients[0].full_name, clients[0].born_on) == ("Farhod", None)


@pytest.mark.parametrize("column", [BALANCE, LESSON_PRICE])
@pytest.mark.parametrize("written", ["много", "1.5.5", "0.125"])
def test_a_bad_amount_is_a_problem_and_the_person_is_read(column, written):
    clients, problems = read([NAME, column], ["Farhod", written])

    assert problems == [RowProblem(2, column, "bad_money", written)]
    assert (clients[0].balance, clients[0].lesson_price) == (None, None)


def test_several_phones_and_groups_stand_in_one_cell():
    clients, _ = read(
        [NAME, PHONE, GROUPS],
        ["Farhod", "+998901234567; 90 765 43 21\n123-45-67, 123-45-67", "A1, B2 ;A1,"],
        region="UZ",
    )

    assert [phone.e164 for phone in clients[0].phones] == ["+998901234567", "+998907654321", None]
    assert clients[0].groups == ("A1", "B2")


def test_blank_rows_are_passed_over_and_short_rows_are_filled():
    clients, problems = read([NAME, EMAIL], ["", " "], [], ["Farhod"])

    assert problems == []
    assert [(client.row_number, client.full_name) for client in clients] == [(4, "Farhod")]


def test_a_row_without_a_name_is_a_problem():
    for name in ("", "—"):
        assert read([NAME, PAYER], [name, "Gulnora"]) == ([], [RowProblem(2, NAME, "missing_name", name)])


def test_cells_without_a_column_are_a_problem():
    clients, problems = read([NAME], ["Farhod", "", "lost"])

    assert problems == [RowProblem(2, "", "too_many_cells", "lost")]
    assert len(clients) == 1


def test_the_second_row_of_a_person_is_a_problem_and_left_out():
    clients, problems = read(
        [NAME, BORN],
        ["Ахмедов Фарҳод", "18.01.2019"],
        ["Farhod Axmedov", "2019-01-18"],
        ["Farhod Axmedov", "2018-01-18"],
    )

    assert problems == [RowProblem(3, NAME, "same_person", "2")]
    assert [client.row_number for client in clients] == [2, 4]


def test_without_a_birthday_the_phone_tells_namesakes_apart():
    clients, problems = read(
        [NAME, PHONE],
        ["Farhod", "90 123 45 67"],
        ["Farhod", "90 765 43 21"],
        ["Farhod", "+998 90 123-45-67"],
        region="UZ",
    )

    assert [client.row_number for client in clients] == [2, 3]
    assert problems == [RowProblem(4, NAME, "same_person", "2")]


cells = st.text(max_size=8) | st.sampled_from(["1,5", "-700", "18.01.2019", "Farhod", "A, B"])


@given(
    st.lists(st.sampled_from([*COLUMNS, "Школа", ""]), max_size=6), st.lists(st.lists(cells, max_size=7), max_size=4)
)
def test_no_content_is_an_exception_and_the_same_file_has_the_same_keys(header, rows):
    clients, problems = read(header, *rows)

    assert read(header, *rows) == (clients, problems)
    assert len({client.natural_key for client in clients}) == len(clients) <= len(rows)
