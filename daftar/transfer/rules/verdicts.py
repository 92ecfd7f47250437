"""What becomes of each row of a file: the dry run and the run ask the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from daftar.lib.period import Month
from daftar.transfer.rules.clients import ClientRow, Reading, RowProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, time

    from daftar.lib.money import Money

T = TypeVar("T")
WARNINGS = frozenset({"bad_phone", "rounded_phone", "group_left_out", "group_is_new"})


class Verdict(StrEnum):
    """CREATE and WARNING become students; the others do not."""

    CREATE = "create"
    WARNING = "warning"
    ERROR = "error"
    DUPLICATE = "duplicate"
    KNOWN = "known"


TAKEN = (Verdict.CREATE, Verdict.WARNING)


class GroupFate(StrEnum):
    """What becomes of a group that the file names."""

    HERE = "here"
    NEW = "new"
    LEFT_OUT = "left_out"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its verdict and the reasons for it."""

    number: int
    verdict: Verdict
    client: ClientRow | None
    problems: tuple[RowProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A group as the rows of a file describe it: its spelling, how many rows name it, and what most of them say."""

    name: str
    rows: int
    subject: str
    level: str
    month_price: Money | None
    weekdays: tuple[int, ...]
    starts_time: time | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known outside the file: people and rows that are here already, and the fate of each group by its key."""

    known_keys: Collection[str] = ()
    by_hand: Collection[str] = ()
    known_numbers: Collection[int] = ()
    fates: Mapping[str, GroupFate] = field(default_factory=dict)


def group_key(name: str) -> str:
    """One spelling of a group's name, whatever its capitals and spaces."""
    return " ".join(name.casefold().split())


def judge(readings: Sequence[Reading], outside: Surroundings) -> list[Judged]:
    """The verdict on every row that is not blank, in the file's order.

    Of several rows with one person the first that can be taken counts. Whoever is here already is left as is.
    """
    counts = Counter(
        key for reading in readings if reading.client for key in {group_key(name) for name in reading.client.groups}
    )
    first: dict[str, int] = {}
    judged = []
    for reading in readings:
        if reading.client is None and not reading.problems:
            continue
        problems = [*reading.problems, *_group_problems(reading.client, outside.fates, counts)]
        judged.append(_judged(reading, problems, outside, first))
    return judged


def named_groups(readings: Sequence[Reading]) -> list[Named]:
    """The groups of a file, in the order in which it names them.

    A row with several groups does not say which of them its course and schedule describe: it counts only where no
    other row does.
    """
    spelled: dict[str, str] = {}
    told: dict[str, list[ClientRow]] = {}
    rows: Counter[str] = Counter()
    clients = [reading.client for reading in readings if reading.client]
    for client in clients:
        for name in client.groups:
            key = group_key(name)
            spelled.setdefault(key, name)
            rows[key] += 1
    for client in sorted(clients, key=lambda client: len(client.groups) > 1):
        for key in {group_key(name) for name in client.groups}:
            if len(client.groups) == 1 or key not in told:
                told.setdefault(key, []).append(client)
    return [_named(name, rows[key], told[key]) for key, name in spelled.items()]


def first_due_after(opens_on: date) -> date:
    """When a price per month is charged first: on the 1st after the opening date; its balance holds the rest."""
    return Month.of(opens_on).next.first


def _judged(reading: Reading, problems: list[RowProblem], outside: Surroundings, first: dict[str, int]) -> Judged:
    client, number = reading.client, reading.number
    wrong = [problem for problem in problems if problem.code not in WARNINGS]
    if client is None or wrong:
        return Judged(number, Verdict.ERROR, client, tuple(problems))
    if number in outside.known_numbers or client.natural_key in outside.known_keys:
        first.setdefault(client.natural_key, number)
        return Judged(number, Verdict.KNOWN, client, ())
    if any(mark in outside.by_hand for mark in client.marks()):
        here = RowProblem(number, "", "here_by_hand", client.full_name)
        return Judged(number, Verdict.KNOWN, client, (here,))
    if first.setdefault(client.natural_key, number) != number:
        twin = RowProblem(number, "", "same_person", str(first[client.natural_key]))
        return Judged(number, Verdict.DUPLICATE, client, (twin,))
    return Judged(number, Verdict.WARNING if problems else Verdict.CREATE, client, tuple(problems))


def _group_problems(
    client: ClientRow | None, fates: Mapping[str, GroupFate], counts: Mapping[str, int]
) -> list[RowProblem]:
    found = []
    for name in client.groups if client else ():
        key = group_key(name)
        fate = fates.get(key, GroupFate.LEFT_OUT)
        code = {GroupFate.LEFT_OUT: "group_left_out", GroupFate.OVER: "group_is_over"}.get(fate, "")
        if fate is GroupFate.NEW and counts[key] == 1:
            code = "group_is_new"
        if client and code:
            found.append(RowProblem(client.row_number, "", code, name))
    return found


def _named(name: str, rows: int, told: Sequence[ClientRow]) -> Named:
    taught = _most([(row.subject, row.level) for row in told if row.subject or row.level])
    subject, level = taught or ("", "")
    return Named(
        name=name,
        rows=rows,
        subject=subject,
        level=level,
        month_price=_most([row.month_price for row in told]),
        weekdays=_most([row.weekdays for row in told]) or (),
        starts_time=_most([row.starts_time for row in told]),
    )


def _most(values: Sequence[T | None]) -> T | None:
    """What is said most often, blanks left out."""
    said = Counter(value for value in values if value)
    return said.most_common(1)[0][0] if said else None
