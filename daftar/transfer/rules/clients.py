"""What a file of clients from another program says, row by row."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daftar.lib.money import Money, MoneyError, parse
from daftar.lib.text import search_key, sort_key
from daftar.transfer.rules.fields import Field
from daftar.transfer.rules.table import plain
from daftar.transfer.rules.values import read_day, read_number, read_time, read_weekdays

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, time

    from daftar.lib.phone import Phone

LONGEST_NAME, LONGEST_KEY, LONGEST_IMPORT_KEY = 200, 400, 200
LONGEST = {
    Field.PAYER: 200, Field.EMAIL: 200, Field.SOURCE: 120, Field.STATUS: 120, Field.GROUPS: 120, Field.COURSE: 100,
    Field.LEVEL: 100,
}  # fmt: skip
_SEVERAL_VALUES = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a cell: `row_number` as a spreadsheet counts, the column's heading and what stood there.

    Codes of a header: missing_header and double_header (row 1: nothing is read). Codes that keep a row out:
    missing_name, same_person (`value` is the row number of the first), too_many_cells, bad_date, unclear_date,
    bad_money, price_below_zero, born_ahead, too_long, group_is_over. Codes that only warn: bad_phone, rounded_phone
    (kept as a note), group_left_out, group_is_new (only this row names it). here_by_hand: someone added by hand is
    this person, so the row adds nobody.
    """

    row_number: int
    column: str
    code: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """One person of the file. Texts are as written, trimmed, empty when absent; `extra` has the columns not known here.

    `natural_key` is the same for the same person in the next file: the name however spelled, the words in any order,
    with the birthday, or without one the last digits of the first phone. `is_trial`: the file knows activations, and
    this person has none.
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
    month_price: Money | None = None
    weekdays: tuple[int, ...] = ()
    starts_time: time | None = None
    is_trial: bool = False

    def marks(self) -> tuple[str, ...]:
        """What someone added by hand is recognised by: the birthday, or any phone where one of them has none."""
        tails = {phone.last7 for phone in self.phones if phone.last7}
        kind = "dated" if self.born_on else "undated"
        phones = tuple(f"{kind}:{_key(search_key(self.full_name), tail)}" for tail in sorted(tails))
        return phones + (
            (f"born:{_key(search_key(self.full_name), self.born_on.isoformat())}",) if self.born_on else ()
        )


def keys_of(name_key: str, born_on: date | None, tails: Sequence[str]) -> Iterator[str]:
    """The keys of someone who is here, to be met by those of a row: two different birthdays are two people."""
    if born_on is not None:
        yield f"born:{_key(name_key, born_on.isoformat())}"
    for tail in tails:
        yield f"undated:{_key(name_key, tail)}"
        if born_on is None:
            yield f"dated:{_key(name_key, tail)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a file is read for: amounts are in `currency`, phones without a country code belong to `region`.

    `keeps_phones`: a phone that is none stays a phone, as typed. `order`: how unclear days are meant. Nobody is born
    after `today`.
    """

    currency: str
    region: str
    order: str = ""
    today: date | None = None
    keeps_phones: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A row read: the person, unless it names none, and everything wrong with it."""

    number: int
    client: ClientRow | None
    problems: tuple[RowProblem, ...]


def read_client(
    number: int, cells: Sequence[str], headings: Sequence[str], fields: Sequence[Field], conditions: Conditions
) -> Reading:
    """A row of the file as the columns are meant; never an exception for its content."""
    row = _Row(number, cells, headings, fields)
    client = _client(row, conditions)
    return Reading(number, client, tuple(row.problems))


class _Row:
    """The cells of a row by field; what cannot be read becomes None and a problem."""

    def __init__(self, number: int, cells: Sequence[str], headings: Sequence[str], fields: Sequence[Field]) -> None:
        self.number = number
        self.headings: dict[Field, str] = {}
        self.values: dict[Field, list[str]] = {}
        self.extra: dict[str, str] = {}
        for place, (heading, meant) in enumerate(zip(headings, fields, strict=True)):
            text = plain(cells[place]) if place < len(cells) else ""
            self.headings.setdefault(meant, heading)
            if meant is Field.EXTRA and text:
                self.extra[heading] = "\n".join(filter(None, (self.extra.get(heading), text)))
            elif text:
                self.values.setdefault(meant, []).append(text)
        self.surplus = [cell for cell in map(plain, cells[len(headings) :]) if cell]
        self.problems: list[RowProblem] = []

    @property
    def is_blank(self) -> bool:
        return not self.values and not self.extra and not self.surplus

    def report(self, meant: Field | None, code: str, value: str) -> None:
        column = self.headings.get(meant, "") if meant else ""
        self.problems.append(RowProblem(self.number, column, code, value))

    def text(self, meant: Field, glue: str = " ") -> str:
        text = glue.join(self.values.get(meant, ()))
        if len(text) > LONGEST.get(meant, len(text)):
            self.report(meant, "too_long", f"{text[:40]}…")
        return text

    def several(self, meant: Field) -> tuple[str, ...]:
        """The values of a cell with several, each once."""
        parts = map(plain, _SEVERAL_VALUES.split("\n".join(self.values.get(meant, ()))))
        return tuple(dict.fromkeys(part for part in parts if part))

    def day(self, meant: Field, order: str) -> date | None:
        written = self.text(meant)
        if not written:
            return None
        day, wrong = read_day(written, order)
        if wrong:
            self.report(meant, wrong, written)
        return day

    def money(self, meant: Field, currency: str, *, is_price: bool = False) -> Money | None:
        written = self.text(meant)
        if not written:
            return None
        try:
            money = parse(written, currency)
        except MoneyError:
            self.report(meant, "bad_money", written)
            return None
        if is_price and money.amount < 0:
            self.report(meant, "price_below_zero", written)
            return None
        return money


def _client(row: _Row, conditions: Conditions) -> ClientRow | None:
    if row.is_blank:
        return None
    if row.surplus:
        row.report(None, "too_many_cells", row.surplus[0])
    full_name = row.text(Field.NAME)
    if not search_key(full_name):
        row.report(Field.NAME, "missing_name", full_name)
        return None
    _check_name(row, full_name)
    born_on = row.day(Field.BORN, conditions.order)
    if born_on and conditions.today and born_on > conditions.today:
        row.report(Field.BORN, "born_ahead", row.text(Field.BORN))
    phones, kept = _phones(row, conditions)
    is_trial = Field.ACTIVE_FROM in row.headings and not row.text(Field.ACTIVE_FROM)
    return ClientRow(
        row_number=row.number,
        natural_key=_natural_key(full_name, born_on, phones),
        full_name=full_name,
        born_on=born_on,
        payer_name=row.text(Field.PAYER),
        phones=phones,
        email=row.text(Field.EMAIL),
        source=row.text(Field.SOURCE),
        study_status=row.text(Field.STATUS),
        balance=row.money(Field.BALANCE, conditions.currency),
        note="\n".join(filter(None, (row.text(Field.NOTE, "\n"), kept))),
        groups=_groups(row),
        lesson_price=row.money(Field.LESSON_PRICE, conditions.currency, is_price=True),
        subject=row.text(Field.COURSE),
        level=row.text(Field.LEVEL),
        extra=row.extra,
        month_price=row.money(Field.MONTH_PRICE, conditions.currency, is_price=True),
        weekdays=read_weekdays(row.text(Field.DAYS)),
        starts_time=read_time(row.text(Field.TIME)),
        is_trial=is_trial,
    )


def _check_name(row: _Row, full_name: str) -> None:
    if len(full_name) > LONGEST_NAME or max(len(search_key(full_name)), len(sort_key(full_name))) > LONGEST_KEY:
        row.report(Field.NAME, "too_long", f"{full_name[:40]}…")


def _groups(row: _Row) -> tuple[str, ...]:
    names = row.several(Field.GROUPS)
    for name in names:
        if len(name) > LONGEST[Field.GROUPS]:
            row.report(Field.GROUPS, "too_long", f"{name[:40]}…")
    return names


def _phones(row: _Row, conditions: Conditions) -> tuple[tuple[Phone, ...], str]:
    """The phones, and what is none as a line for the note, after the column's heading."""
    found, kept = [], []
    for written in row.several(Field.PHONE):
        phone, wrong = read_number(written, conditions.region, keeps=conditions.keeps_phones)
        if phone is not None:
            found.append(phone)
        if wrong:
            row.report(Field.PHONE, wrong, written)
            kept.append(written)
    line = f"{row.headings[Field.PHONE]}: {', '.join(kept)}" if kept and not conditions.keeps_phones else ""
    return tuple(found), line


def _natural_key(full_name: str, born_on: date | None, phones: Sequence[Phone]) -> str:
    key = _key(search_key(full_name), born_on.isoformat() if born_on else phones[0].last7 if phones else "")
    if len(key) <= LONGEST_IMPORT_KEY:
        return key
    return f"{key[:100]}~{hashlib.sha256(key.encode()).hexdigest()}"


def _key(name_key: str, mark: str) -> str:
    return f"{' '.join(sorted(name_key.split()))}|{mark}"


# --- the fixed columns of `import-students` ---------------------------------------------------------------------

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
_FIXED = {
    NAME: Field.NAME, BORN: Field.BORN, PAYER: Field.PAYER, PHONE: Field.PHONE, EMAIL: Field.EMAIL,
    SOURCE: Field.SOURCE, STATUS: Field.STATUS, BALANCE: Field.BALANCE, NOTE: Field.NOTE, GROUPS: Field.GROUPS,
    LESSON_PRICE: Field.LESSON_PRICE, SUBJECT: Field.COURSE, LEVEL: Field.LEVEL,
}  # fmt: skip
COLUMNS = tuple(_FIXED)
_FIRST_ROW = 2  # as a spreadsheet counts: the header is row 1
# What `import-students` passes over: it asks nobody, so it keeps such a phone as it is typed.
_PASSED_OVER = frozenset({"bad_phone", "rounded_phone"})


def read_rows(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, currency: str, region: str
) -> tuple[list[ClientRow], list[RowProblem]]:
    """The persons of a file in AlfaCRM's Russian columns and everything wrong with it, both in the file's order.

    `rows` are the rows after the header; blank ones are passed over. Only the name is required.
    """
    columns = [plain(name) for name in header]
    problems = list(_header_problems(columns))
    if problems:
        return [], problems
    conditions = Conditions(currency=currency, region=region, keeps_phones=True)
    fields = [_FIXED.get(column, Field.EXTRA if column else Field.SKIP) for column in columns]
    clients: dict[str, ClientRow] = {}
    for number, cells in enumerate(rows, start=_FIRST_ROW):
        reading = read_client(number, cells, columns, fields, conditions)
        problems += [problem for problem in reading.problems if problem.code not in _PASSED_OVER]
        if reading.client is None:
            continue
        first = clients.setdefault(reading.client.natural_key, reading.client)
        if first is not reading.client:
            problems.append(RowProblem(number, NAME, "same_person", str(first.row_number)))
    return list(clients.values()), problems


def _header_problems(columns: Sequence[str]) -> Iterator[RowProblem]:
    if NAME not in columns:
        yield RowProblem(1, NAME, "missing_header", "")
    for column, count in Counter(columns).items():
        if column and count > 1:
            yield RowProblem(1, column, "double_header", column)
