"""When money may still be dated, once books are closed."""

from __future__ import annotations

from datetime import date, timedelta


def first_open_day(on: date, closed_until: date | None) -> date:
    """The day itself while its books are open; else the first day after those that are closed."""
    if closed_until is None or on > closed_until:
        return on
    return closed_until + timedelta(days=1)


def is_closed(on: date, closed_until: date | None) -> bool:
    """Whether nothing may be dated this day any more."""
    return first_open_day(on, closed_until) != on
