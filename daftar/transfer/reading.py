"""The rows of a kept file read as its columns are meant now; the columns, the check and the run all read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.orgs.queries import today_in
from daftar.people.services import region_of
from daftar.transfer.rules import Conditions, Field, Line, Reading, read_client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daftar.orgs.access import Actor
    from daftar.transfer.models import Import


def fields_of(row: Import) -> list[Field]:
    """What each column is."""
    return [Field(name) for name in row.fields]


def readings_of(
    by: Actor, row: Import, lines: Sequence[Line], fields: Sequence[Field] | None = None, order: str | None = None
) -> list[Reading]:
    """The lines read; with other fields or another order of days as if these had been chosen."""
    conditions = Conditions(
        currency=row.branch.currency, region=region_of(row.branch), today=today_in(by, row.branch),
        order=row.date_order if order is None else order,
    )  # fmt: skip
    meant = fields_of(row) if fields is None else fields
    return [read_client(line.number, line.cells, row.headings, meant, conditions) for line in lines]
