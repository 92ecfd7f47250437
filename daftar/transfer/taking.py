"""The two long steps of an import, inside its verbs: every row checked, and a part of the rows taken over."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import DataError, IntegrityError, connection, transaction

from daftar.courses import services as courses
from daftar.courses.models import Course, Group
from daftar.courses.rules import PlanKind
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.models import Branch
from daftar.people import services as people
from daftar.people.queries import added_by_hand, imported_keys
from daftar.transfer import groups as choosing
from daftar.transfer.models import Import, ImportRow
from daftar.transfer.reading import readings_of
from daftar.transfer.rules import Line, Surroundings, Verdict, first_due_after, group_key, judge, keys_of, named_groups
from daftar.tuition import services as tuition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.courses.models import Enrolment
    from daftar.orgs.access import Actor
    from daftar.people.models import Student
    from daftar.transfer.groups import GroupChoice
    from daftar.transfer.rules import ClientRow, Judged


def locked(by: Actor, import_id: int) -> Import:
    """The import, held by this transaction until it ends; without its bytes."""
    rows = Import.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    row: Import = rows.select_related("branch").defer("content").one(pk=import_id)
    return row


def suggested_groups(by: Actor, row: Import) -> list[GroupChoice]:
    """For each group that the file names, what most probably becomes of it."""
    named = named_groups(readings_of(by, row, lines_of(by, row)))
    if not named:
        return []
    here = list(Group.objects.visible_to(by).filter(branch=row.branch).order_by("-id"))
    known = list(Course.objects.visible_to(by).filter(currency=row.branch.currency, is_archived=False).order_by("id"))
    return choosing.suggested(named, here, known)


def refuse_strange(by: Actor, row: Import, choices: Sequence[GroupChoice]) -> None:
    """NotFound when a choice names a group or a course that is not there for the asker."""
    groups = {choice.group_id for choice in choices if choice.group_id is not None}
    taught = {choice.course_id for choice in choices if choice.course_id is not None}
    if Group.objects.visible_to(by).filter(branch=row.branch, pk__in=groups).count() != len(groups):
        raise NotFound
    if Course.objects.visible_to(by).filter(pk__in=taught).count() != len(taught):
        raise NotFound


def made_twice(by: Actor, row: Import, choices: Sequence[GroupChoice]) -> str:
    """The name of a group to be made that the branch has already, or empty."""
    names = [choice.name for choice in choices if choice.is_made]
    found = Group.objects.visible_to(by).filter(branch=row.branch, name__in=names).values_list("name", flat=True)
    return found.first() or ""


def lines_of(by: Actor, row: Import) -> list[Line]:
    """Every row of the file as it was read."""
    rows = ImportRow.objects.visible_to(by).filter(file=row).order_by("number")
    return [Line(number, cells) for number, cells in rows.values_list("number", "cells")]


def check(by: Actor, row: Import) -> None:
    """Writes the verdict on every row: what the run will do with it, and what is wrong."""
    readings = readings_of(by, row, lines_of(by, row))
    choices = choosing.from_json(row.groups)
    ends = {group.pk: group.ends_on for group in Group.objects.visible_to(by).filter(branch=row.branch)}
    keys = [reading.client.natural_key for reading in readings if reading.client]
    # The run asks in all branches, so the check does too, whatever its asker looks at.
    everywhere = replace(by.trusted(), branch_ids=None)
    earlier = ImportRow.objects.visible_to(everywhere).filter(file__content_hash=row.content_hash).exclude(student=None)
    outside = Surroundings(
        known_keys=imported_keys(everywhere, keys),
        by_hand={
            key for each in added_by_hand(everywhere) for key in keys_of(each.search_key, each.born_on, each.tails)
        },
        known_numbers=set(earlier.values_list("number", flat=True)),
        fates=choosing.fates(choices, ends, row.opens_on),
    )
    _write(by, row, judge(readings, outside))


def take(by: Actor, row: Import, part: Sequence[ImportRow]) -> int:
    """Turns rows into students; how many. A row that cannot be one after all keeps none of the others out."""
    # One file at a time: two would both miss a person who is in both.
    list(Branch.objects.visible_to(by).select_for_update(no_key=True).order_by("id"))
    try:
        return _taken(by, row, part)
    except (DataError, IntegrityError, Refusal) as wrong:
        if len(part) > 1:
            return sum(take(by, row, [one]) for one in part)
        said = wrong.message if isinstance(wrong, Refusal) else type(wrong).__name__
        one = part[0]
        one.verdict, one.is_done, one.problems = Verdict.ERROR, True, [["", "not_taken", said]]
        one.save(update_fields=["verdict", "is_done", "problems"])
        return 0


def _taken(by: Actor, row: Import, part: Sequence[ImportRow]) -> int:
    mark = len(by.notes or ())
    try:
        with transaction.atomic():
            return _take(by, row, part)
    except Exception:
        del (by.notes or [])[mark:]  # what was undone is not told
        raise


def _take(by: Actor, row: Import, part: Sequence[ImportRow]) -> int:
    readings = readings_of(by, row, [Line(one.number, one.cells) for one in part])
    clients = {reading.number: reading.client for reading in readings if reading.client}
    known = imported_keys(by.trusted(), [client.natural_key for client in clients.values()])
    fresh = [one for one in part if one.number in clients and clients[one.number].natural_key not in known]
    chosen = [clients[one.number] for one in fresh]
    students = people.add_students(by.trusted(), students=[person(client, row.branch) for client in chosen])
    for one, student in zip(fresh, students, strict=True):
        student.branch, one.student = row.branch, student
    pairs = list(zip(students, chosen, strict=True))
    _join(by, row, pairs)
    _open(by, row, pairs)
    for one in part:
        one.is_done = True
        one.verdict = one.verdict if one.student_id else Verdict.KNOWN
    ImportRow.objects.visible_to(by).bulk_update(part, ["is_done", "verdict", "student"])
    return len(students)


def person(client: ClientRow, branch: Branch) -> people.NewStudent:
    """The student that a row of a file becomes."""
    return people.NewStudent(
        full_name=client.full_name, branch_id=branch.pk, born_on=client.born_on, payer_name=client.payer_name,
        phones=tuple(phone.raw for phone in client.phones), email=client.email, source=client.source,
        study_status=client.study_status, note=client.note, extra=tuple(client.extra.items()),
        import_key=client.natural_key,
    )  # fmt: skip


def _open(by: Actor, row: Import, pairs: Sequence[tuple[Student, ClientRow]]) -> None:
    """The balance at the beginning of the opening date, and the students' own prices of a lesson from that day on."""
    prices = [(student, client.lesson_price.amount) for student, client in pairs if client.lesson_price]
    tuition.bind_lesson_prices(by.trusted(), prices=prices, starts_on=row.opens_on)
    balances = [(student, client.balance.amount) for student, client in pairs if client.balance]
    tuition.open_balances(by.trusted(), balances=balances, on=row.opens_on)


def _join(by: Actor, row: Import, pairs: Sequence[tuple[Student, ClientRow]]) -> None:
    ids = {choice.key: choice.group_id for choice in choosing.from_json(row.groups) if not choice.is_left_out}
    groups = {
        group.pk: group
        for group in Group.objects.visible_to(by).filter(pk__in=ids.values()).select_related("course")
    }  # fmt: skip
    told, places = [], []
    for student, client in pairs:
        joined = {ids.get(group_key(name)) for name in client.groups} - {None}
        for group in sorted(
            (groups[group_id] for group_id in joined if group_id in groups), key=lambda group: group.pk
        ):
            starts_on = max(row.opens_on, group.starts_on)
            told.append((client, len(joined) == 1))
            places.append(courses.Place(student, group, starts_on, is_active=not client.is_trial))
    enrolments = courses.enrol_students(by.trusted(), places=places)
    prices = [
        _price(client, enrolment, row.opens_on, is_only=is_only)
        for (client, is_only), enrolment in zip(told, enrolments, strict=True)
    ]
    tuition.bind_group_prices(by.trusted(), prices=[price for price in prices if price])


def _price(
    client: ClientRow, enrolment: Enrolment, opens_on: date, *, is_only: bool
) -> tuition.GroupPrice | None:  # fmt: skip
    """What a member pays in a group: the own price of a month, else the group's; nothing while on trial.

    Whoever has an own price of a lesson pays by that, in any group.
    """
    group = enrolment.group
    if client.is_trial or client.lesson_price:
        return None
    plan, lessons_count = PlanKind(group.course.plan), group.course.lessons_count
    amount = group.price if group.price is not None else group.course.price
    if client.month_price and is_only:
        plan, lessons_count, amount = PlanKind.CALENDAR_MONTH, 1, client.month_price.amount
    if amount is None:
        return None
    charged_from = enrolment.starts_on
    if plan is PlanKind.CALENDAR_MONTH and enrolment.starts_on <= opens_on:
        charged_from = first_due_after(opens_on)  # the month under way is in the opening balance already
    return tuition.GroupPrice(enrolment, plan, lessons_count, amount, enrolment.starts_on, charged_from)


def _write(by: Actor, row: Import, judged: Sequence[Judged]) -> None:
    """One statement however many rows."""
    problems = [
        json.dumps([[problem.column, problem.code, problem.value] for problem in each.problems]) for each in judged
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE daftar_importrow AS line SET verdict = told.verdict, problems = told.problems::jsonb
            FROM unnest(%s::int[], %s::text[], %s::text[]) AS told(number, verdict, problems)
            WHERE line.org_id = %s AND line.file_id = %s AND line.number = told.number
            """,
            [[each.number for each in judged], [each.verdict.value for each in judged], problems, by.org_id, row.pk],
        )
