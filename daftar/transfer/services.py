"""Verbs that bring files in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses import services as courses
from daftar.courses.catalogue import add_course
from daftar.courses.models import Course, Group
from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.ledger import services as ledger
from daftar.ledger.rules import is_closed
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note, publish, verb
from daftar.orgs.models import Branch
from daftar.orgs.queries import today_in
from daftar.people import services as people
from daftar.people.queries import imported_keys
from daftar.people.services import region_of
from daftar.transfer import groups as choosing
from daftar.transfer import taking
from daftar.transfer.events import ImportStarted, ImportUndone
from daftar.transfer.files import read_table
from daftar.transfer.models import Import, ImportRow, ImportState
from daftar.transfer.rules import (
    GROUPS,
    ORDERS,
    TAKEN,
    ClientRow,
    Field,
    RowProblem,
    guess,
    heading_key,
    read_rows,
    wrong_fields,
)
from daftar.tuition import services as tuition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.people.models import Student
    from daftar.transfer.groups import GroupChoice

# The rows of one job, the earlier imports asked what a heading meant, the groups one can answer for.
AT_ONCE, REMEMBERED, MOST_GROUPS = 200, 20, 400
# Groups of a file have no dates: they run a year from the opening date until their page says otherwise.
GROUP_LIFE = timedelta(days=365)


class FileRefused(Refusal):
    """Something in the file cannot be read; nothing of it was taken."""

    text = _("The file was not imported: %(count)s problems.")

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(count=len(problems))
        self.problems = tuple(problems)


class OpeningAhead(Refusal):
    field = "opens_on"
    text = _("The opening date lies in the future.")


class OpeningInClosedBooks(Refusal):
    field = "opens_on"
    text = _("The books are closed up to %(day)s.")


class NameColumnMissing(Refusal):
    text = _("Say which column holds the students' names.")


class ColumnTwice(Refusal):
    text = _("Two columns cannot both be the same field.")


class GroupWithoutCourse(Refusal):
    text = _("The new group %(group)s needs a course.")


class TooManyGroups(Refusal):
    text = _("The columns name %(count)s groups, more than %(most)s. Is it really the group that stands there?")


class GroupIsHere(Refusal):
    text = _("There is a group %(group)s here already. Choose it, or leave the group out.")


class CoursePlansDiffer(Refusal):
    text = _("The new course %(course)s cannot be charged in two ways.")


class ImportUnderWay(Refusal):
    text = _("This file is being taken over already; nothing of it can be chosen anew.")


class NotChecked(Refusal):
    text = _("Choose the columns and groups of this file first.")


@dataclass(frozen=True)
class Imported:
    """What a file brought: `known` people were there already and were left alone."""

    students: int
    groups: int
    enrolments: int
    subscriptions: int
    balances: int
    known: int


@verb("transfer.import")
def import_clients(
    by: Actor, *, branch_id: int, header: Sequence[str], rows: Sequence[Sequence[str]], opens_on: date
) -> Imported:
    """Takes over the clients of another program as of the morning of `opens_on`, all or nothing.

    Brings students with payers and contacts, makes the groups that are not there yet, enrols and activates, binds
    each price of a lesson (charged from `opens_on` on) and books each balance as a transfer dated `opens_on`. People
    an earlier import brought are left as they are, so the same file again adds nothing. FileRefused with every problem.
    """
    branch: Branch = Branch.objects.visible_to(by).select_for_update(no_key=True).one(pk=branch_id)
    _check_opening(by, branch, opens_on)
    clients, problems = read_rows(header, rows, currency=branch.currency, region=region_of(branch))
    if problems:
        raise FileRefused(problems)
    trusted = by.trusted()
    known = imported_keys(trusted, [client.natural_key for client in clients])
    fresh = [client for client in clients if client.natural_key not in known]
    students = people.add_students(trusted, students=[taking.person(client, branch) for client in fresh])
    for student in students:
        student.branch = branch
    groups, made = _groups(by, branch, fresh, opens_on)
    _check_groups(fresh, groups, opens_on)
    pairs = list(zip(students, fresh, strict=True))
    places = [_place(student, groups[name], opens_on) for student, client in pairs for name in client.groups]
    courses.enrol_students(trusted, places=places)
    prices = [(student, client.lesson_price.amount) for student, client in pairs if client.lesson_price]
    tuition.bind_lesson_prices(trusted, prices=prices, starts_on=opens_on)
    balances = [(student, client.balance.amount) for student, client in pairs if client.balance]
    tuition.open_balances(trusted, balances=balances, on=opens_on)
    done = Imported(len(students), made, len(places), len(prices), len(balances), len(known))
    if students:
        note(by, branch, was=None, now={"opens_on": opens_on, "students": done.students, "groups": done.groups})
    return done


def _check_opening(by: Actor, branch: Branch, opens_on: date) -> None:
    """Refuses a day on which no balance can be opened; the books stay as they are until the end of the transaction."""
    if opens_on > today_in(by, branch):
        raise OpeningAhead
    closed_until = ledger.closed_books(by.trusted(), branch_ids=[branch.pk]).get(branch.pk)
    if is_closed(opens_on, closed_until):
        raise OpeningInClosedBooks(day=closed_until)


def _place(student: Student, group: Group, opens_on: date) -> courses.Place:
    """A group with a price of its own charges nobody unseen: there the student is on trial until activated."""
    priced = group.price is not None or group.course.price is not None
    return courses.Place(student, group, max(opens_on, group.starts_on), is_active=not priced)


def _check_groups(clients: Sequence[ClientRow], groups: dict[str, Group], opens_on: date) -> None:
    over = [
        RowProblem(client.row_number, GROUPS, "group_is_over", name)
        for client in clients
        for name in client.groups
        if opens_on >= groups[name].ends_on
    ]
    if over:
        raise FileRefused(over)


def _groups(by: Actor, branch: Branch, clients: Sequence[ClientRow], opens_on: date) -> tuple[dict[str, Group], int]:
    """The groups the file names, by name, and how many of them had to be made."""
    names = {name for client in clients for name in client.groups}
    rows = Group.objects.visible_to(by).filter(branch=branch, name__in=names).select_related("course")
    found = {row.name: row for row in rows}
    # A row with several groups does not say which of them its subject and level describe.
    taught: dict[str, tuple[str, str]] = {}
    for client in sorted(clients, key=lambda client: len(client.groups)):
        for name in client.groups:
            taught.setdefault(name, (client.subject, client.level))
    fresh = sorted(names - found.keys())
    for name in fresh:
        course = _course(by, branch, *taught[name])
        found[name] = courses.add_group(
            by.trusted(), branch_id=branch.pk, name=name, course_id=course.pk, starts_on=opens_on,
            last_on=opens_on + GROUP_LIFE,
        )  # fmt: skip
    return found, len(fresh)


def _course(by: Actor, branch: Branch, subject: str, level: str) -> Course:
    """The course of a subject and level; charged per lesson, at the price each student brings."""
    name = " · ".join(part for part in (subject, level) if part) or str(_("Imported"))
    course: Course | None = Course.objects.visible_to(by).filter(name=name).first()
    return course or add_course(
        by.trusted(), name=name, plan=PlanKind.PER_LESSON, currency=branch.currency, subject=subject, level=level
    )


@verb("transfer.import")
def begin_import(by: Actor, *, branch_id: int, file_name: str, content: bytes, opens_on: date) -> Import:
    """Keeps a file and its rows, and guesses what the columns are; nobody becomes a student yet.

    Refuses what is no table, is too large or unpacks to too much.
    """
    by.must("people.see_contacts")  # the pages that follow show what the file holds
    branch: Branch = Branch.objects.visible_to(by).one(pk=branch_id)
    _check_opening(by, branch, opens_on)
    table = read_table(content)
    fields = guess(table.headings, _remembered(by))
    row: Import = Import.objects.create(
        org_id=by.org_id, branch=branch, file_name=file_name[-200:], content=content, opens_on=opens_on,
        content_hash=hashlib.sha256(content).hexdigest(), encoding=table.encoding, delimiter=table.delimiter,
        headings=table.headings, fields=[field.value for field in fields], rows_count=len(table.lines),
        begun_by=by.name, begun_at=by.at,
    )  # fmt: skip
    note(by, row, was=None, now={"rows": len(table.lines), "opens_on": opens_on})
    ImportRow.objects.bulk_create(
        [ImportRow(org_id=by.org_id, file=row, number=line.number, cells=line.cells) for line in table.lines],
        batch_size=2000,
    )
    return row


@verb("transfer.import")
def choose_columns(by: Actor, *, import_id: int, fields: Sequence[Field], date_order: str = "") -> Import:
    """Says what each column is and how unclear days are meant; remembered for the next file with such headings.

    A file that names no groups is checked at once.
    """
    row = _changeable(by, import_id)
    wrong = wrong_fields(fields)
    if Field.NAME in wrong:
        raise NameColumnMissing
    if wrong:
        raise ColumnTwice
    order = date_order if date_order in ORDERS else ""
    change(by, row, fields=[field.value for field in fields], date_order=order, state=ImportState.GROUPS.value)
    choices = taking.suggested_groups(by, row)
    if len(choices) > MOST_GROUPS:
        raise TooManyGroups(count=len(choices), most=MOST_GROUPS)
    change(by, row, groups=[choice.as_json() for choice in choices])
    if not choices:
        taking.check(by, row)
        change(by, row, state=ImportState.CHECKED.value)
    return row


@verb("transfer.import")
def choose_groups(by: Actor, *, import_id: int, choices: Sequence[GroupChoice]) -> Import:
    """Says what becomes of each group that the file names, and checks every row: the dry run."""
    row = _changeable(by, import_id)
    if row.state == ImportState.COLUMNS:
        raise NotChecked
    plans: dict[str, str] = {}
    for choice in choices:
        if choice.is_made and choice.course_id is None:
            if not choice.course_name.strip():
                raise GroupWithoutCourse(group=choice.name)
            if plans.setdefault(choice.course_name, choice.plan) != choice.plan:
                raise CoursePlansDiffer(course=choice.course_name)
    taking.refuse_strange(by, row, choices)
    if here := taking.made_twice(by, row, choices):
        raise GroupIsHere(group=here)
    change(by, row, groups=[choice.as_json() for choice in choices], state=ImportState.CHECKED.value)
    taking.check(by, row)
    return row


@verb("transfer.import")
def start_import(by: Actor, *, import_id: int) -> Import:
    """Makes the courses and groups that were asked for and lets the rows be taken in the background, as checked."""
    row = _changeable(by, import_id)
    if row.state != ImportState.CHECKED:
        raise NotChecked
    _check_opening(by, row.branch, row.opens_on)
    chosen = choosing.from_json(row.groups)
    brings = ImportRow.objects.visible_to(by).filter(file=row, verdict__in=TAKEN).exists()
    made = [_made(by, row, choice) for choice in chosen] if brings else chosen  # nobody comes: no groups for nobody
    change(
        by, row, groups=[choice.as_json() for choice in made], state=ImportState.RUNNING.value, started_at=by.at
    )  # fmt: skip
    publish(by, ImportStarted(row.pk))
    return row


@verb("transfer.import")
def resume_import(by: Actor, *, import_id: int) -> Import:
    """Asks once more for the rows of an import under way, or being undone, in case the job for them was lost."""
    row = taking.locked(by, import_id)
    if row.state in {ImportState.RUNNING, ImportState.UNDOING}:
        note(by, row, was=None, now={})
        publish(by, ImportStarted(row.pk) if row.state == ImportState.RUNNING else ImportUndone(row.pk))
    return row


@verb("transfer.import")
def take_rows(by: Actor, *, import_id: int) -> bool:
    """Takes over the next rows of a running import, all or nothing; whether there may be more of them.

    Done again after a break it goes on where the last finished part ended, so nothing is taken twice.
    """
    row = taking.locked(by, import_id)
    if row.state != ImportState.RUNNING:
        return False
    rows = ImportRow.objects.visible_to(by).filter(file=row, is_done=False, verdict__in=TAKEN).order_by("number")
    part = list(rows[:AT_ONCE])
    taken = taking.take(by, row, part) if part else 0
    if taken:
        note(by, row, was=None, now={"students": taken})
    if len(part) == AT_ONCE:
        return True
    change(by, row, state=ImportState.DONE.value, finished_at=by.at)
    return False


def _changeable(by: Actor, import_id: int) -> Import:
    row = taking.locked(by, import_id)
    if row.state not in {ImportState.COLUMNS, ImportState.GROUPS, ImportState.CHECKED}:
        raise ImportUnderWay
    return row


def _remembered(by: Actor) -> dict[str, str]:
    """What headings meant in earlier files of the organization, the newest first."""
    rows = Import.objects.visible_to(by).exclude(state=ImportState.COLUMNS).order_by("-id")
    found: dict[str, str] = {}
    for headings, fields in rows.values_list("headings", "fields")[:REMEMBERED]:
        for heading, field in zip(headings, fields, strict=True):
            found.setdefault(heading_key(heading), field)
    return found


def _made(by: Actor, row: Import, choice: GroupChoice) -> GroupChoice:
    """The choice with the group that had to be made for it, and its course."""
    if not choice.is_made:
        return choice
    trusted = by.trusted()
    course_id, price = choice.course_id, choice.price
    if course_id is None:
        course: Course | None = Course.objects.visible_to(by).filter(name=choice.course_name).first()
        course = course or add_course(
            trusted, name=choice.course_name, plan=PlanKind(choice.plan), currency=row.branch.currency, price=price
        )
        course_id, price = course.pk, None if course.price == price else price
    group = courses.add_group(
        trusted, branch_id=row.branch_id, name=choice.name, course_id=course_id, starts_on=row.opens_on, price=price,
        last_on=row.opens_on + GROUP_LIFE, schedule=Schedule(choice.weekdays, choice.starts_time),
    )  # fmt: skip
    return replace(choice, group_id=group.pk, was_made=True)
