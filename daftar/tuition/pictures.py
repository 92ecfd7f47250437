"""What a student's memberships, pauses and prices are, row by row: looked at before a deed and after it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder

from daftar.attendance.queries import marks_of
from daftar.courses.models import Enrolment, Suspension
from daftar.tuition.models import CreditDeclined, CreditGiven, LessonPick, PriceStep, Subscription
from daftar.tuition.rules.taking_back import Picture, Step, digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from daftar.orgs.access import Actor

# Whatever hangs on a row stands after it.
TABLES: dict[str, tuple[Any, str]] = {
    "membership": (Enrolment, "student_id"), "pause": (Suspension, "student_id"),
    "subscription": (Subscription, "student_id"), "price": (PriceStep, "subscription__student_id"),
    "payer": (LessonPick, "student_id"), "declined": (CreditDeclined, "student_id"),
    "given": (CreditGiven, "student_id"),
}  # fmt: skip
PRICES = ("subscription", "price", "payer", "declined", "given")


def pictures(by: Actor, student_ids: Collection[int]) -> dict[int, Picture]:
    """The rows of each student, in every branch; one statement for each table."""
    everywhere = replace(by, branch_ids=None)
    found: dict[int, Picture] = {pk: {table: {} for table in TABLES} for pk in student_ids}
    for table, (model, path) in TABLES.items():
        names = [each.attname for each in model._meta.concrete_fields if each.attname not in {"id", "org_id"}]
        rows = model.objects.visible_to(everywhere).filter(**{f"{path}__in": student_ids})
        for owner_id, pk, *values in rows.values_list(path, "id", *names):
            found[owner_id][table][str(pk)] = dict(zip(names, values, strict=True))
    plain: dict[int, Picture] = {pk: _plain(picture) for pk, picture in found.items()}
    return plain


def _plain(picture: Any) -> Any:
    """As it comes back from where it is kept: days are letters."""
    return json.loads(json.dumps(picture, cls=DjangoJSONEncoder))


def values_of(table: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a row that was kept, as the table has them."""
    fields = {each.attname: each for each in TABLES[table][0]._meta.concrete_fields}
    return {name: fields[name].to_python(value) for name, value in values.items()}


def marks_seen(by: Actor, watched: dict[int, set[int]], since: date) -> dict[int, str]:
    """How the marks of each student look in some groups, from a day on."""
    found: dict[int, list[list[Any]]] = {pk: [] for pk in watched}
    for mark in marks_of(by.trusted(), list(watched), since) if any(watched.values()) else ():
        if mark.group_id in watched[mark.student_id]:
            found[mark.student_id].append([mark.lesson_id, mark.is_present, mark.charges])
    return {pk: digest(sorted(rows, key=lambda row: row[0])) for pk, rows in found.items()}


def take_away_prices(by: Actor, done: Iterable[Step]) -> None:
    """Deletes what a deed made of prices, the last first."""
    for table in reversed(PRICES):
        made = [step.id for step in done if step.table == table and step.was is None]
        _rows(by, table).filter(pk__in=made).delete()


def put_prices_back(by: Actor, done: Iterable[Step]) -> None:
    """Writes what a deed changed or deleted of prices as it was, with the ids there were: charges are known by them."""
    for table in PRICES:
        model, steps = TABLES[table][0], [step for step in done if step.table == table and step.was is not None]
        for step in steps:
            if step.now is not None:
                _rows(by, table).filter(pk=step.id).update(**values_of(table, step.differs))
        lost = [(step.id, values_of(table, step.was or {})) for step in steps if step.now is None]
        model.objects.bulk_create([model(pk=pk, org_id=by.org_id, **values) for pk, values in lost])


def _rows(by: Actor, table: str) -> Any:
    return TABLES[table][0].objects.visible_to(replace(by, branch_ids=None))
