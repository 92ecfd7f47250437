"""Verbs that bring files in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses import services as courses
from daftar.courses.models import Course, Group
from daftar.courses.rules import PlanKind
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, note, verb
from daftar.orgs.models import Branch
from daftar.orgs.queries import today_in
from daftar.people import services as people
from daftar.people.queries import imported_keys
from daftar.people.services import region_of
from daftar.transfer.rules import GROUPS, ClientRow, RowProblem, read_rows
from daftar.tuition import services as tuition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.people.models import Student

# Groups of a file have no dates: they run a year from the opening date until their page says otherwise.
GROUP_LIFE = timedelta(days=365)


class FileRefused(Refusal):
    """Something in the file cannot be read; nothing of it was taken."""

    text = _("The file was not imported: %(count)s problems.")

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(count=len(problems))
        self.problems = tuple(problems)


class OpeningAhead(Refusal):
    text = _("The opening date lies in the future.")


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
    if opens_on > today_in(by, branch):
        raise OpeningAhead
    clients, problems = read_rows(header, rows, currency=branch.currency, region=region_of(branch))
    if problems:
        raise FileRefused(problems)
    trusted = by.trusted()
    known = imported_keys(trusted, [client.natural_key for client in clients])
    fresh = [client for client in clients if client.natural_key not in known]
    students = people.add_students(trusted, students=[_person(client, branch) for client in fresh])
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


def _person(client: ClientRow, branch: Branch) -> people.NewStudent:
    return people.NewStudent(
        full_name=client.full_name, branch_id=branch.pk, born_on=client.born_on, payer_name=client.payer_name,
        phones=tuple(phone.raw for phone in client.phones), email=client.email, source=client.source,
        study_status=client.study_status, note=client.note, extra=tuple(client.extra.items()),
        import_key=client.natural_key,
    )  # fmt: skip


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
    return course or courses.add_course(
        by.trusted(), name=name, plan=PlanKind.PER_LESSON, currency=branch.currency, subject=subject, level=level
    )
