"""What a file of clients from another program says, row by row: the columns of AlfaCRM's Russian export."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from daftar.lib.money import Money, MoneyError, parse
from daftar.lib.phone import Phone, read_phone
from daftar.lib.text import search_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = "ФИО клиента"
BORN = "Дата рождения"
PAYER = "Имя заказчика"
PHONE = "Контакт - мобильный"
EMAIL = "Контакт - email"
SOURCE = "Источник"
STATUS = "Статус"
BALANCE = "Остаток"
NOTE = "Примечание"
GROUPS = "Группы"
LESSON_PRICE = "Стоимость 1 урока"
SUBJECT = "Предмет"
LEVEL = "Уровень"
COLUMNS = (
    NAME, BORN, PAYER, PHONE, EMAIL, SOURCE, STATUS, BALANCE, NOTE, GROUPS, LESSON_PRICE, SUBJECT, LEVEL,
)  # fmt: skip

_FIRST_ROW = 2  # as a spreadsheet counts: the header is row 1
_EARLIEST = date(1900, 1, 1)
_SEVERAL = re.compile(r"[,;\n]")
_DATES = (
    re.compile(r"(?P<day>\d{1,2})[.](?P<month>\d{1,2})[.](?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a cell: `row_number` as a spreadsheet counts, the column's name and what stood there.

    Codes: missing_header and double_header (row 1: nothing is read), missing_name and same_person (the row is left out;
    `value` is the row number of the first), too_many_cells, bad_date, bad_money (the row is read without that value),
    and group_is_over, found later: the group ended before the opening date.
    """

    row_number: int
    column: str
    code: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """One person of the file. Texts are as written, trimmed, empty when absent; `extra` has the columns not known here.

    `natural_key` is the same for the same person in the next file: the name however spelled, the words in any order,
    with the birthday, or without one the last digits of the first phone.
    """

    row_number: int
    natural_key: str
    full_name: str
    born_on: date | None
    payer_name: str
    phones: tuple[Phone, ...]
    email: str
    source: str
    study_status: str
    balance: Money | None
    note: str
    groups: tuple[str, ...]
    lesson_price: Money | None
    subject: str
    level: str
    extra: dict[str, str] = field(hash=False)


def read_rows(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, currency: str, region: str
) -> tuple[list[ClientRow], list[RowProblem]]:
    """The persons of a file and everything wrong with it, both in the file's order; never an exception for its content.

    `rows` are the rows after the header; blank ones are passed over. Amounts are in `currency`, phones without a
    country code belong to `region`. Only the name is required.
    """
    columns = [_trimmed(name.removeprefix("\ufeff")) for name in header]
    problems = list(_header_problems(columns))
    if problems:
        return [], problems
    clients: dict[str, ClientRow] = {}
    for number, cells in enumerate(rows, start=_FIRST_ROW):
        client = _client(_Row(number, cells, columns=columns, problems=problems), currency, region)
        if client is None:
            continue
        first = clients.setdefault(client.natural_key, client)
        if first is not client:
            problems.append(RowProblem(number, NAME, "same_person", str(first.row_number)))
    return list(clients.values()), problems


class _Row:
    """The cells of a row by column; what cannot be read becomes None and a problem."""

    def __init__(
        self, number: int, cells: Sequence[str], *, columns: Sequence[str], problems: list[RowProblem]
    ) -> None:
        self.number = number
        self.cells = dict(zip(columns, map(_trimmed, cells), strict=False))
        self.surplus = [cell for cell in map(_trimmed, cells[len(columns) :]) if cell]
        self.problems = problems

    def report(self, column: str, code: str, value: str) -> None:
        self.problems.append(RowProblem(self.number, column, code, value))

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def several(self, column: str) -> tuple[str, ...]:
        """The values of a cell with several, each once."""
        parts = map(_trimmed, _SEVERAL.split(self.text(column)))
        return tuple(dict.fromkeys(part for part in parts if part))

    def day(self, column: str) -> date | None:
        written = self.text(column)
        day = _day(written)
        if written and day is None:
            self.report(column, "bad_date", written)
        return day

    def money(self, column: str, currency: str) -> Money | None:
        written = self.text(column)
        if not written:
            return None
        try:
            return parse(written, currency)
        except MoneyError:
            self.report(column, "bad_money", written)
            return None


def _client(row: _Row, currency: str, region: str) -> ClientRow | None:
    if not any(row.cells.values()) and not row.surplus:
        return None
    if row.surplus:
        row.report("", "too_many_cells", row.surplus[0])
    full_name = row.text(NAME)
    if not search_key(full_name):
        row.report(NAME, "missing_name", full_name)
        return None
    born_on = row.day(BORN)
    phones = tuple(read_phone(raw, region) for raw in row.several(PHONE))
    return ClientRow(
        row_number=row.number,
        natural_key=_natural_key(full_name, born_on, phones),
        full_name=full_name,
        born_on=born_on,
        payer_name=row.text(PAYER),
        phones=phones,
        email=row.text(EMAIL),
        source=row.text(SOURCE),
        study_status=row.text(STATUS),
        balance=row.money(BALANCE, currency),
        note=row.text(NOTE),
        groups=row.several(GROUPS),
        lesson_price=row.money(LESSON_PRICE, currency),
        subject=row.text(SUBJECT),
        level=row.text(LEVEL),
        extra={column: cell for column, cell in row.cells.items() if column not in COLUMNS and cell},
    )


def _natural_key(full_name: str, born_on: date | None, phones: Sequence[Phone]) -> str:
    name = " ".join(sorted(search_key(full_name).split()))
    if born_on is not None:
        return f"{name}|{born_on.isoformat()}"
    return f"{name}|{phones[0].last7 if phones else ''}"


def _header_problems(columns: Sequence[str]) -> Iterator[RowProblem]:
    if NAME not in columns:
        yield RowProblem(1, NAME, "missing_header", "")
    for column, count in Counter(columns).items():
        if column and count > 1:
            yield RowProblem(1, column, "double_header", column)


def _day(written: str) -> date | None:
    """A day written as dd.mm.yyyy or as yyyy-mm-dd, not before 1900."""
    for shape in _DATES:
        if match := shape.fullmatch(written):
            try:
                day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            except ValueError:
                return None
            return day if day >= _EARLIEST else None
    return None


def _trimmed(cell: str) -> str:
    return cell.replace("\xa0", " ").strip()
