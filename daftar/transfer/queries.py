"""Questions about files brought in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count

from daftar.orgs.access import Actor, question
from daftar.transfer.models import Import, ImportRow, ImportState
from daftar.transfer.reading import fields_of, readings_of
from daftar.transfer.rules import TAKEN, Field, Line, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daftar.lib.tenancy import TenantQuerySet
    from daftar.transfer.rules import ClientRow

SAMPLES, EXAMPLES = 3, 5


@dataclass(frozen=True)
class Progress:
    """How many rows have each verdict, and how many of those to be taken are."""

    verdicts: dict[Verdict, int]
    taken: int

    @property
    def to_take(self) -> int:
        return sum(self.verdicts.get(verdict, 0) for verdict in TAKEN)


@dataclass(frozen=True)
class Column:
    """A column of the file: some of what stands in it, how many cells are fine, how many wrong and why mostly."""

    heading: str
    field: Field
    samples: tuple[str, ...]
    fine: int
    wrong: int
    code: str


@question("transfer.import")
def imports(by: Actor) -> TenantQuerySet[Import]:
    """Every file brought in, the newest first, without its bytes; its rows hold phones, so it takes that right too."""
    by.must("people.see_contacts")
    return Import.objects.visible_to(by).select_related("branch").defer("content").order_by("-id")


@question("transfer.import")
def get_import(by: Actor, import_id: int) -> Import:
    """The import with its branch, without its bytes; NotFound when invisible."""
    return imports(by).one(pk=import_id)


@question("transfer.import")
def same_file_before(by: Actor, row: Import) -> Import | None:
    """The last other import of the very same bytes that was started."""
    rows = imports(by).filter(content_hash=row.content_hash).exclude(started_at=None).exclude(state=ImportState.UNDONE)
    return rows.exclude(pk=row.pk).first()


@question("transfer.import")
def progress(by: Actor, row: Import) -> Progress:
    """How far the import is."""
    rows = ImportRow.objects.visible_to(by).filter(file=row).values_list("verdict", "is_done")
    verdicts: dict[Verdict, int] = {}
    taken = 0
    for verdict, is_done, count in rows.annotate(count=Count("pk")).order_by("verdict"):
        if verdict:
            verdicts[Verdict(verdict)] = verdicts.get(Verdict(verdict), 0) + count
        taken += count if is_done and verdict in TAKEN else 0
    return Progress(verdicts, taken)


@question("transfer.import")
def problem_rows(by: Actor, row: Import) -> TenantQuerySet[ImportRow]:
    """The rows with something to say about them, in the file's order."""
    rows = ImportRow.objects.visible_to(by).filter(file=row).exclude(verdict__in=["", Verdict.CREATE])
    rows = rows.exclude(verdict=Verdict.KNOWN, problems=[])
    return rows.order_by("number")


@question("transfer.import")
def examples(by: Actor, row: Import) -> list[ClientRow]:
    """The first people of the file that will be taken, as they will be."""
    rows = ImportRow.objects.visible_to(by).filter(file=row, verdict__in=TAKEN).order_by("number")[:EXAMPLES]
    readings = readings_of(by, row, [Line(each.number, each.cells) for each in rows])
    return [reading.client for reading in readings if reading.client]


@question("transfer.import")
def columns(by: Actor, row: Import, fields: Sequence[Field] | None = None, order: str | None = None) -> list[Column]:
    """The columns as they are meant, or as they would be with these fields, each with what cannot be read in it."""
    meant = fields_of(row) if fields is None else list(fields)
    rows = ImportRow.objects.visible_to(by).filter(file=row).order_by("number").values_list("number", "cells")
    lines = [Line(number, cells) for number, cells in rows]
    wrong: dict[str, dict[str, set[int]]] = {}
    for reading in readings_of(by, row, lines, meant, order):
        for problem in reading.problems:
            wrong.setdefault(problem.column, {}).setdefault(problem.code, set()).add(problem.row_number)
    return [_column(place, heading, meant[place], lines, wrong) for place, heading in enumerate(row.headings)]


def _column(
    place: int, heading: str, meant: Field, lines: Sequence[Line], wrong: dict[str, dict[str, set[int]]]
) -> Column:  # fmt: skip
    cells = {line.number: line.cells[place] for line in lines if place < len(line.cells) and line.cells[place]}
    codes = wrong.get(heading, {}) if meant not in {Field.SKIP, Field.EXTRA} else {}
    numbers = {number for found in codes.values() for number in found}
    return Column(
        heading=heading, field=meant, samples=tuple(dict.fromkeys(cells.values()))[:SAMPLES],
        fine=len(cells.keys() - numbers), wrong=len(numbers),
        code=max(codes, key=lambda code: len(codes[code])) if codes else "",
    )  # fmt: skip
