"""Lists of students with their groups, standing and money."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q

from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Course, Enrolment, Group, Lesson
from daftar.courses.queries import with_pause
from daftar.courses.rules import EnrolmentState, standing, state_on
from daftar.finance.models import Payment
from daftar.ledger.queries import balances
from daftar.lib.kept import Kept
from daftar.lib.money import Money
from daftar.lib.paging import Page, paged, paged_uncounted
from daftar.lib.text import other_layout, search_key
from daftar.orgs.access import Actor, question
from daftar.orgs.models import Organization
from daftar.orgs.queries import zero_is_due_in
from daftar.people.models import Student
from daftar.people.queries import FEW, FEWEST_LETTERS, found_few, phones
from daftar.reports.debts import debtor_accounts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


MANY = 5_000
STEPS = ("course", "group", "student", "enrolment", "lesson", "payment")
_set_up: set[int] = set()
_kept: Kept[tuple[object, ...], dict[str, int]] = Kept()


@dataclass(frozen=True)
class StudentRow:
    """A line of a list of students; `balance` None: may not be seen."""

    id: int
    name: str
    groups: tuple[str, ...]
    standing: str
    balance: Money | None
    phone: str


@dataclass(frozen=True)
class StudentsPage:
    """A page of students with how many there are in each state (not archived)."""

    rows: list[StudentRow]
    page: Page
    counts: dict[str, int]
    is_cut: bool = False  # more match than are looked up at once


class _Found(NamedTuple):
    """Who fits what was typed: whether they are few enough to count, and whether more fit than these."""

    rows: Any
    is_countable: bool = True
    is_cut: bool = False


@question("people.view")
def students_page(by: Actor, *, q: str = "", state: str = "", number: int = 1) -> StudentsPage:
    """A page of students by name: those matching what was typed, in a state (empty: all who are not archived).

    Where more than FEW match, in whatever state, some FEW of them: who types more letters sees the others.
    """
    everyone: Any = Student.objects.visible_to(by)
    # Whether debtors who are archived count is decided where debtors are.
    found = _matching(by, everyone if state == "owes" else everyone.current(), q, in_state=bool(state))
    # The page is found by keys alone, which an index holds, and only its rows are read.
    rows = _in_state(by, found.rows, state).order_by("sort_key", "id").values_list("pk", flat=True)
    counts = student_counts(by)
    total = None if q.strip() else counts.get(state)  # what was counted for the tab need not be counted again
    keys, page = paged(rows, number, total) if found.is_countable else paged_uncounted(rows, number)
    chosen = everyone.filter(pk__in=keys).select_related("branch").order_by("sort_key", "id")
    return StudentsPage(student_rows(by, list(chosen)), page, counts, found.is_cut)


@question("people.view")
def find_students(by: Actor, q: str, limit: int = 8) -> list[StudentRow]:
    """The first students matching what was typed; nothing for nothing."""
    if not q.strip():
        return []
    everyone: Any = Student.objects.visible_to(by)
    rows = _matching(by, everyone.current(), q).rows
    return student_rows(by, list(rows.select_related("branch").order_by("sort_key", "id")[:limit]))


def _matching(by: Actor, rows: Any, q: str, *, in_state: bool = False) -> _Found:
    """Those who fit what was typed; where nobody does, those who fit it typed in the other keyboard layout."""
    if not q.strip():
        return _Found(rows)
    found = _looked_up(by, rows, q, in_state=in_state)
    swapped = other_layout(q)
    if len(search_key(swapped)) < FEWEST_LETTERS or not found.rows.query.is_empty():
        return found
    return _looked_up(by, rows, swapped, in_state=in_state)


def _looked_up(by: Actor, rows: Any, typed: str, *, in_state: bool) -> _Found:
    few = found_few(by, typed)
    # Of many only some would be asked for their state: the whole list is, in its order, until the page is full.
    if few is None or (len(few) > FEW and in_state):
        return _Found(rows.matching(typed, by_phone=by.may("people.see_contacts")), is_countable=False)
    return _Found(rows.filter(pk__in=few[:FEW]) if few else rows.none(), is_cut=len(few) > FEW)


@question("people.view")
def student_rows(by: Actor, students: Sequence[Student]) -> list[StudentRow]:
    """These students as lines of a list, in their order."""
    ids = [student.pk for student in students]
    sums = balances(by, ids) if by.may("tuition.view") else {}
    at_zero = zero_is_due_in(by) if by.may("tuition.view") else frozenset()
    reach = phones(by, ids) if by.may("people.see_contacts") else {}
    groups: dict[int, list[str]] = defaultdict(list)
    states: dict[int, set[EnrolmentState]] = defaultdict(set)
    today, enrolments = by.today, Enrolment.objects.visible_to(by).filter(student_id__in=ids)
    columns = ("student_id", "starts_on", "activated_on", "ends_on", "group__ends_on", "group__name", "is_paused")
    rows = with_pause(by, enrolments, today).order_by("group__name", "id").values_list(*columns)
    for student_id, joined, activated, left, over, name, is_paused in rows:
        state = state_on(
            today, joined_on=joined, activated_on=activated, ends_on=min(left or over, over), is_frozen=is_paused
        )
        states[student_id].add(state or EnrolmentState.TRIAL)
        if state is not EnrolmentState.LEFT:
            groups[student_id].append(name)
    return [
        StudentRow(
            id=student.pk, name=student.full_name, groups=tuple(groups[student.pk]),
            standing=overall_standing(
                student, states[student.pk], sums.get(student.pk, 0), zero_is_due=student.branch_id in at_zero
            ),
            balance=Money(sums[student.pk], student.branch.currency) if student.pk in sums else None,
            phone=reach.get(student.pk, ""),
        )
        for student in students
    ]  # fmt: skip


def overall_standing(
    student: Student, states: Collection[EnrolmentState], balance: int, *, zero_is_due: bool = False
) -> str:
    """How a student stands in the centre as a whole: archived, or the liveliest of the groups, or lead."""
    if student.archived_on is not None:
        return "archived"
    for state in (EnrolmentState.ACTIVE, EnrolmentState.FROZEN, EnrolmentState.TRIAL, EnrolmentState.LEFT):
        if state in states:
            return standing(state, balance, zero_is_due=zero_is_due).value
    return "lead"


def _enrolled(by: Actor) -> Any:
    today = by.today
    rows = Enrolment.unguarded.filter(org_id=by.org_id, student_id=OuterRef("pk"), group__ends_on__gt=today)
    return rows.exclude(ends_on__lte=today)


def _in_state(by: Actor, rows: Any, state: str) -> Any:
    active = Q(Exists(_enrolled(by).filter(activated_on__lte=by.today)))
    present = Q(Exists(_enrolled(by)))
    ever = Q(Exists(Enrolment.unguarded.filter(org_id=by.org_id, student_id=OuterRef("pk"))))
    owes = Q(pk__in=debtor_accounts(by).values("student_id"))
    # "owes" is the debtors' page, whoever they are; what is no state is all of them.
    chosen = {"active": active, "trial": present & ~active, "owes": owes, "left": ever & ~present, "lead": ~ever}.get(
        state
    )
    return rows if chosen is None else rows.filter(chosen)


@question("people.view")
def student_counts(by: Actor) -> dict[str, int]:
    """How many students there are in each state, archived ones left out; "" is all, "owes" only for who may see it.

    Counting takes longer the more there are: of more than MANY the figures may be a minute old.
    """
    asked = (by.org_id, by.branch_ids, by.may("tuition.view"), by.today)
    counts = _kept.of(asked, by.at)
    if counts is None:
        counts = _counted(by)
        if counts[""] > MANY:
            _kept.keep(asked, by.at, counts)
    return dict(counts)


def _counted(by: Actor) -> dict[str, int]:
    today, students = by.today, Student.objects.visible_to(by).filter(archived_on=None)
    enrolled = (
        Enrolment.objects.visible_to(by)
        .filter(group__ends_on__gt=today, student__archived_on=None)
        .exclude(ends_on__lte=today)
        .aggregate(
            active=Count("student_id", distinct=True, filter=Q(activated_on__lte=today)),
            present=Count("student_id", distinct=True),
        )
    )
    counts = {"": students.count(), "active": enrolled["active"], "trial": enrolled["present"] - enrolled["active"]}
    if by.may("tuition.view"):
        counts["owes"] = debtor_accounts(by).aggregate(count=Count("student_id", distinct=True))["count"]
    return counts


@dataclass(frozen=True)
class Participant:
    """A student in a lesson; `standing` shows debt only to those who may see it."""

    student_id: int
    name: str
    standing: str


@question("attendance.mark")
def lesson_people(by: Actor, expected: dict[int, bool]) -> list[Participant]:
    """Those expected in a lesson (id -> whether on trial), by name."""
    # Whoever belongs to the lesson, also one who has moved to another branch since.
    rows = Student.objects.visible_to(replace(by, branch_ids=None)).filter(pk__in=expected).order_by("sort_key", "id")
    sums = balances(by, list(expected)) if by.may("tuition.view") else {}
    at_zero = zero_is_due_in(by) if by.may("tuition.view") else frozenset()
    return [
        Participant(
            row.pk,
            row.full_name,
            standing(
                EnrolmentState.TRIAL if expected[row.pk] else EnrolmentState.ACTIVE,
                sums.get(row.pk, 0),
                zero_is_due=row.branch_id in at_zero,
            ).value,
        )
        for row in rows
    ]


@question("courses.edit")
def setup_progress(by: Actor) -> dict[str, bool]:
    """Which first steps of a new centre are done, in one statement; once all are, nobody asks again."""
    if by.org_id in _set_up:
        return dict.fromkeys(STEPS, True)
    steps = {
        "course": Course.objects.visible_to(by),
        "group": Group.objects.visible_to(by),
        "student": Student.objects.visible_to(by),
        "enrolment": Enrolment.objects.visible_to(by),
        "lesson": Lesson.objects.visible_to(by).filter(status=LessonStatus.CONDUCTED),
        "payment": Payment.objects.visible_to(by),
    }
    asked: Any = Organization.objects.filter(pk=by.org_id)
    done: dict[str, bool] = asked.values(**{name: Exists(rows) for name, rows in steps.items()}).get()
    if all(done.values()):
        _set_up.add(by.org_id)
    return done
