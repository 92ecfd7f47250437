"""JSON read strictly: every value knows its path, and what is not understood is refused."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_DECIMALS = 12
_DECIMAL = re.compile(rf"-?[0-9]{{1,18}}(\.[0-9]{{1,{MOST_DECIMALS}}})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_YEARS = range(1900, 10000)
_LARGEST_COUNT = 10_000


class WrongFile(Exception):
    """What is wrong, after the path of the value that it concerns."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path


def parsed(content: bytes) -> Record:
    """The object that the file holds."""
    try:
        value = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as wrong:
        raise WrongFile("", f"not JSON: {wrong}") from None
    return Record(value, "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise ValueError(f"twice: {next(name for name in names if names.count(name) > 1)}")
    return found


@dataclass(frozen=True)
class Record:
    """A JSON object at a path; reading a key gives its value or refuses it. Null is the same as absent."""

    value: Any
    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, dict):
            raise WrongFile(self.path, "must be an object")

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, reason: str) -> WrongFile:
        return WrongFile(self.at(name), reason)

    def only(self, *names: str) -> Record:
        """The same, unless it has other keys than these."""
        for name in self.value:
            if name not in names:
                raise self.wrong(name, "unknown key")
        return self

    def records(self, name: str, *names: str) -> list[Record]:
        """The list of objects, each with no other keys than these."""
        return [Record(value, path).only(*names) for value, path in self._items(name)]

    def entries(self, name: str) -> Iterator[tuple[str, Record]]:
        """The objects that are named by their keys."""
        for key, value in Record(self.value.get(name, {}), self.at(name)).value.items():
            yield key, Record(value, f"{self.at(name)}.{key}")

    def record(self, name: str, *names: str) -> Record:
        return Record(self.value.get(name, {}), self.at(name)).only(*names)

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        value = self.value.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise self.wrong(name, "must be a text that is not empty")
        return value

    def choice(self, name: str, choices: Collection[str], default: str | None = None) -> str:
        value = self.optional_text(name) or default
        if value is None:
            raise self.wrong(name, "is missing")
        if value not in choices:
            raise self.wrong(name, f"must be one of {', '.join(sorted(choices))}")
        return value

    def texts(self, name: str) -> frozenset[str]:
        found = set()
        for value, path in self._items(name):
            if not isinstance(value, str) or not value:
                raise WrongFile(path, "must be a text that is not empty")
            if value in found:
                raise WrongFile(path, "is there twice")
            found.add(value)
        return frozenset(found)

    def weekdays(self, name: str) -> frozenset[int]:
        found = set()
        for value, path in self._items(name):
            if type(value) is not int or not 1 <= value <= 7:  # noqa: PLR2004 - ISO weekdays
                raise WrongFile(path, "must be a weekday from 1 (Monday) to 7")
            if value in found:
                raise WrongFile(path, "is there twice")
            found.add(value)
        return frozenset(found)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self.value.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def count(self, name: str) -> int | None:
        value = self.value.get(name)
        if value is not None and (type(value) is not int or not 1 <= value <= _LARGEST_COUNT):
            raise self.wrong(name, f"must be a whole number from 1 to {_LARGEST_COUNT}")
        return value

    def decimal(self, name: str) -> Decimal:
        value = self.value.get(name)
        if value is None:
            raise self.wrong(name, "is missing")
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            raise self.wrong(name, 'must be a decimal in quotes, like "300000" or "737.50"')
        return Decimal(value)

    def day(self, name: str) -> date:
        value = self.optional_day(name)
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def optional_day(self, name: str) -> date | None:
        value = self.value.get(name)
        if value is None:
            return None
        try:
            day = date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else None
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            raise self.wrong(name, "must be a day, like 2025-05-08")
        return day

    def optional_time(self, name: str) -> time | None:
        value = self.value.get(name)
        if value is None:
            return None
        try:
            at = time.fromisoformat(value) if isinstance(value, str) and _TIME.fullmatch(value) else None
        except ValueError:
            at = None
        if at is None:
            raise self.wrong(name, "must be a time, like 14:00")
        return at

    def ends(self, name: str, starts_on: date | None) -> date | None:
        """The first day after the last one that is written down, which must not lie before the start."""
        last_on = self.optional_day(name)
        if last_on is not None and starts_on is not None and last_on < starts_on:
            raise self.wrong(name, f"lies before {starts_on}")
        return None if last_on in (None, date.max) else date.fromordinal(last_on.toordinal() + 1)

    def _items(self, name: str) -> list[tuple[Any, str]]:
        values = self.value.get(name, [])
        if not isinstance(values, list):
            raise self.wrong(name, "must be a list")
        return [(value, f"{self.at(name)}[{place}]") for place, value in enumerate(values)]


def ids(records: list[Record]) -> dict[str, int]:
    """The rank of each record's id among all as text (pricing rule 9.28); an id that is there twice is refused."""
    found: set[str] = set()
    for record in records:
        name = record.text("id")
        if name in found:
            raise record.wrong("id", f"{name} is there twice")
        found.add(name)
    return {name: rank for rank, name in enumerate(sorted(found), start=1)}
