"""A spreadsheet read in a process of its own, with limits: hostile files end it and nothing else.

`python -m daftar.transfer.sheet` takes the file on standard input and answers JSON; it knows nothing of Daftar.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY_BYTES, CPU_SECONDS = 1_500_000_000, 15
MOST_ROWS, MOST_CELLS = 70_000, 1_200_000
TOO_MANY = 3
"""The exit status that says so."""


def main() -> None:
    limit()
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - after the limits

    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheet = next((each for each in map(book.get_sheet_by_index, range(len(book.sheet_names))) if each.height), None)
    rows: list[list[str]] = []
    if sheet is not None:
        if sheet.height > MOST_ROWS or sheet.height * sheet.width > MOST_CELLS:
            sys.exit(TOO_MANY)
        rows = [[text_of(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    json.dump(rows, sys.stdout)


def limit() -> None:
    """Memory and time this process may take; where the system knows no limits, the parent's clock remains."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    for kind, most in (("RLIMIT_AS", MEMORY_BYTES), ("RLIMIT_CPU", CPU_SECONDS), ("RLIMIT_CORE", 0)):
        if hasattr(resource, kind):
            resource.setrlimit(getattr(resource, kind), (most, most))


def text_of(cell: Any) -> str:
    """A cell as a person would write it: 300000.0 is 300000, a day is yyyy-mm-dd."""
    return next((written(cell) for kind, written in _WRITTEN.items() if isinstance(cell, kind)), str(cell))


def _number(cell: float) -> str:
    return f"{Decimal(repr(cell)):f}".removesuffix(".0")


def _moment(cell: datetime) -> str:
    return cell.date().isoformat() if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"


def _length(cell: timedelta) -> str:
    minutes = cell // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"


# The first that fits: a truth is a number to Python, and a moment is a day.
_WRITTEN: dict[type, Callable[[Any], str]] = {
    bool: lambda cell: str(int(cell)),
    float: _number,
    datetime: _moment,
    date: date.isoformat,
    time: lambda cell: f"{cell:%H:%M}",
    timedelta: _length,
}


if __name__ == "__main__":
    main()
