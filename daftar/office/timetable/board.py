"""A day or a week as a table: lanes side by side, time downwards, lessons that lie over each other side by side.

A plain table needs no script and no styles of its own, can be printed, and is read aloud in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from daftar.courses.clashes import side_by_side

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

T = TypeVar("T")
HALF_HOUR, HOUR, STEP = 30, 60, 5


@dataclass(frozen=True)
class Block(Generic[T]):
    """Something in a lane from a minute of the day to, not including, another."""

    lane: Hashable
    starts: int
    ends: int
    what: T


@dataclass(frozen=True)
class Lane:
    """A column: a room, a teacher, a day. `sent`: how a new lesson in it is asked for, by the names of the address."""

    key: Hashable
    label: str
    note: str = ""
    is_now: bool = False
    sent: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell(Generic[T]):
    """A cell of the table: a lesson over `rows` rows, or (None) nothing."""

    lane: Lane
    rows: int
    what: T | None


@dataclass(frozen=True)
class Row(Generic[T]):
    """A stretch of time between two beginnings or ends: `at` minutes of the day, `minutes` long."""

    at: int
    minutes: int
    cells: list[Cell[T]]

    @property
    def clock(self) -> str:
        return f"{self.at // HOUR:02}:{self.at % HOUR:02}"

    @property
    def is_hour(self) -> bool:
        return self.at % HOUR == 0

    @property
    def steps(self) -> int:
        """How tall the row is, in steps of five minutes, of which it has at least one."""
        return max(self.minutes // STEP, 1)


@dataclass(frozen=True)
class Board(Generic[T]):
    """The heads of the lanes with how many columns each needs, and the rows."""

    heads: list[tuple[Lane, int]]
    rows: list[Row[T]]


def board_of(lanes: Sequence[Lane], blocks: Iterable[Block[T]], *, since: int, until: int) -> Board[T]:
    """The table of these lanes from one minute of the day to another, stretched to whole hours around all blocks."""
    found = list(blocks)
    first = min([since, *(block.starts for block in found)]) // HOUR * HOUR
    last = -(-max([until, *(block.ends for block in found)]) // HOUR) * HOUR
    edges = {*range(first, last + 1, HALF_HOUR), *(at for block in found for at in (block.starts, block.ends))}
    marks = sorted(edges)
    place = {at: index for index, at in enumerate(marks)}
    heads, columns = [], []
    for lane in lanes:
        here = {index: block for index, block in enumerate(found) if block.lane == lane.key}
        placed, width = side_by_side({index: (block.starts, block.ends) for index, block in here.items()})
        heads.append((lane, width))
        for column in range(width):
            mine = [here[index] for index, at in placed.items() if at == column]  # type: ignore[index] # keys of here
            columns.append((lane, _column(mine, place, len(marks) - 1, lane)))
    rows = [
        Row(at, marks[index + 1] - at, [cells[index] for _lane, cells in columns if cells[index] is not None])  # type: ignore[misc] # filtered
        for index, at in enumerate(marks[:-1])
    ]
    return Board(heads, rows)


def _column(blocks: Sequence[Block[T]], place: dict[int, int], count: int, lane: Lane) -> list[Cell[T] | None]:
    """The cells of a column, None where a lesson above reaches down."""
    cells: list[Cell[T] | None] = [Cell(lane, 1, None) for _row in range(count)]
    for block in blocks:
        first, last = place[block.starts], place[block.ends]
        cells[first] = Cell(lane, last - first, block.what)
        for covered in range(first + 1, last):
            cells[covered] = None
    return cells
