"""`daftar import FILE`: the students of another program, checked row by row, then taken over."""  # noqa: N999 - the word is the command

from __future__ import annotations

from argparse import BooleanOptionalAction
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from daftar.lib.errors import Refusal
from daftar.lib.tenancy import tenant_transaction
from daftar.management.commands.import_students import the_organization
from daftar.orgs.queries import branches, system_actor, today_in
from daftar.transfer import queries, services
from daftar.transfer.files import written
from daftar.transfer.groups import from_json
from daftar.transfer.rules import Field

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from daftar.orgs.access import Actor
    from daftar.transfer.groups import GroupChoice
    from daftar.transfer.models import Import

MOST_SHOWN = 20


class OnlyCheckedError(Exception):
    """Takes back what the check wrote down."""


class Command(BaseCommand):
    """Says what becomes of every row, and does it unless only the check was asked for."""

    help = "Bring students from a spreadsheet or CSV file of any program. The same file again adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--org", help="the centre's name in addresses; may be left out where there is only one")
        parser.add_argument("--branch", help="the branch's name; the first one by default")
        parser.add_argument("--on", type=date.fromisoformat, help="opening date, YYYY-MM-DD; today by default")
        parser.add_argument("--new-groups", choices=["make", "leave-out"], help="what becomes of groups not here yet")
        parser.add_argument("--run", action=BooleanOptionalAction, default=True, help="--no-run only checks")
        parser.add_argument("--errors", type=Path, help="write the rows to look at, with what is wrong, into this CSV")

    def handle(self, **options: Any) -> None:
        org = the_organization(options["org"])
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        try:
            with tenant_transaction(org.pk):
                by = system_actor(org.pk)
                row = _checked(by, options)
                _tell(by, row, options["errors"])
                _start(by, row, is_wanted=options["run"])
        except OnlyCheckedError:
            return
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        _run(org.pk, row.pk)


def _start(by: Actor, row: Import, *, is_wanted: bool) -> None:
    if not is_wanted:
        raise OnlyCheckedError
    services.start_import(by, import_id=row.pk)


def _checked(by: Actor, options: dict[str, Any]) -> Import:
    places = branches(by)
    chosen = [place for place in places if options["branch"] in (None, place.name)]
    if not chosen:
        raise CommandError(f"No such branch. There are: {', '.join(place.name for place in places)}.")
    row = services.begin_import(
        by, branch_id=chosen[0].pk, file_name=options["file"].name, content=options["file"].read_bytes(),
        opens_on=options["on"] or today_in(by, chosen[0]),
    )  # fmt: skip
    row = services.choose_columns(by, import_id=row.pk, fields=[Field(name) for name in row.fields])
    choices = from_json(row.groups)
    if not choices:
        return row
    new = [choice.name for choice in choices if choice.is_made]
    if new and options["new_groups"] is None:
        raise CommandError(f"Say --new-groups make or leave-out. Not here yet: {', '.join(new)}.")
    return services.choose_groups(by, import_id=row.pk, choices=_decided(choices, options["new_groups"]))


def _decided(choices: Sequence[GroupChoice], new: str | None) -> list[GroupChoice]:
    return [
        replace(choice, is_left_out=True) if choice.is_made and new == "leave-out" else choice for choice in choices
    ]


def _tell(by: Actor, row: Import, errors: Path | None) -> None:
    """What the columns were taken for, how many rows have which verdict, and what is wrong."""
    for heading, field in zip(row.headings, row.fields, strict=True):
        print(f"  {heading}: {field}")
    found = queries.progress(by, row).verdicts
    print(
        f"{row.rows_count} rows: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.items())) + "."
    )
    lines = [[*row.headings, "What is wrong"]]
    for place, each in enumerate(queries.problem_rows(by, row)):
        said = "; ".join(" ".join(filter(None, problem)) for problem in each.problems)
        lines.append([*(each.cells + [""] * len(row.headings))[: len(row.headings)], said])
        if place < MOST_SHOWN:
            print(f"  row {each.number}, {each.verdict}: {said}")
    if errors is not None:
        errors.write_bytes(written(lines))


def _run(org_id: int, import_id: int) -> None:
    """Here and now, part by part; a worker that is there too takes its turns."""
    while True:
        with tenant_transaction(org_id):
            by = system_actor(org_id)
            goes_on = services.take_rows(by, import_id=import_id)
            row = queries.get_import(by, import_id)
            progress = queries.progress(by, row)
        print(f"{progress.taken} of {progress.to_take} added.", flush=True)
        if not goes_on:
            return
