"""What a deed did to rows, and whether it can be taken back: only while nothing of them was changed since."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Rows = dict[str, dict[str, Any]]
"""The rows of a table by their ids, in letters; plain values."""
Picture = dict[str, Rows]
"""The rows of some tables, by the names of these."""


class Step(NamedTuple):
    """What a deed did to one row; None: it was not there before, or is not there after."""

    table: str
    id: int
    was: dict[str, Any] | None
    now: dict[str, Any] | None

    @property
    def differs(self) -> dict[str, Any]:
        """What stood before where something else stands after."""
        was, now = self.was or {}, self.now or {}
        return {name: value for name, value in was.items() if now.get(name) != value}


def steps(before: Picture, after: Picture) -> list[Step]:
    """Every row that is not what it was, in the order of the tables and ids."""
    return [
        Step(table, int(pk), was.get(pk), after[table].get(pk))
        for table, was in before.items()
        for pk in sorted(was.keys() | after[table].keys(), key=int)
        if was.get(pk) != after[table].get(pk)
    ]


def seen(picture: Picture) -> dict[str, str]:
    """How each table looks, short enough to be kept and compared."""
    return {table: digest(rows) for table, rows in picture.items()}


def digest(rows: Any) -> str:
    """The same for the same rows, in whatever order they were read."""
    return sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def changed_since(kept: Mapping[str, str], found: Mapping[str, str]) -> str | None:
    """The first table that does not look as the deed left it; None: all of them do."""
    return next((table for table in kept if kept[table] != found.get(table)), None)


def groups_to_watch(done: Iterable[Step]) -> set[int]:
    """The groups in which the student became a member, or active, or was until then: a mark there hangs on the deed."""
    return {
        values["group_id"]
        for step in done
        if step.table == "membership" and (step.was is None or "activated_on" in step.differs)
        for values in (step.now or step.was,)
        if values is not None
    }
