"""All exams of a group beside each other: students by exams, and what both come to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daftar.attendance.exams import Entry
from daftar.attendance.models import Exam, ExamResult
from daftar.attendance.rules import Outcome, average_of, outcome
from daftar.courses.models import Enrolment, Group
from daftar.courses.weekdays import members
from daftar.orgs.access import Actor, question
from daftar.people.models import Student

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from daftar.attendance.rules import Measure
    from daftar.courses.rules import Membership


@dataclass(frozen=True)
class Average:
    """What the scores of a student come to: by the scale that all of them have or, None, in percent of their scales."""

    value: Decimal
    measure: Measure | None


@dataclass(frozen=True)
class TableRow:
    """A student with an entry for each exam (None: was not in the group); how many were passed of how many."""

    student_id: int
    name: str
    entries: list[Entry | None]
    average: Average | None
    scored: int
    passed: int


@dataclass(frozen=True)
class ExamTable:
    """The exams of a group that were not deleted, the earliest first, what each came to, and the students by name."""

    exams: list[Exam]
    outcomes: list[Outcome]
    rows: list[TableRow]


@question("courses.view")
def exam_table(by: Actor, group_id: int) -> ExamTable:
    """Whoever was in the group on the day of an exam, or has a result in one, with all results."""
    seen = Group.objects.visible_to(by).filter(pk=group_id)
    rows = Exam.objects.visible_to(by).filter(group__in=seen, removed_at=None).select_related("scale")
    exams = list(rows.order_by("held_on", "id"))
    had: dict[int, dict[int, Entry]] = defaultdict(dict)
    results = ExamResult.objects.visible_to(by).filter(exam__in=exams)
    for row in results:
        had[row.student_id][row.exam_id] = Entry(row.score, row.is_absent, row.comment)
    lives = _lives(by, group_id)
    sat = {pk for pk, spans in lives.items() if any(_in(spans, exam.held_on) for exam in exams)}
    students = Student.objects.visible_to(by).filter(pk__in=had.keys() | sat).order_by("sort_key", "id")
    table = [_row(pk, name, exams, had[pk], lives.get(pk, [])) for pk, name in students.values_list("pk", "full_name")]
    return ExamTable(exams, [_outcome(exam, place, table) for place, exam in enumerate(exams)], table)


def _lives(by: Actor, group_id: int) -> dict[int, list[Membership]]:
    """When each student was in the group."""
    found: dict[int, list[Membership]] = defaultdict(list)
    for each in members(Enrolment.objects.visible_to(by).filter(group_id=group_id)):
        found[each.student_id].append(each)
    return found


def _in(lives: list[Membership], on: date) -> bool:
    return any(each.holds(on) for each in lives)


def _row(pk: int, name: str, exams: list[Exam], had: dict[int, Entry], spans: list[Membership]) -> TableRow:
    entries = [had.get(exam.pk) or (Entry() if _in(spans, exam.held_on) else None) for exam in exams]
    scored = [
        (entry.score, exam.scale.measure, exam.pass_mark)
        for exam, entry in zip(exams, entries, strict=True)
        if entry is not None and entry.score is not None
    ]
    found = average_of([(score, measure) for score, measure, _mark in scored])
    passed = sum(score >= mark for score, _measure, mark in scored)
    return TableRow(pk, name, entries, Average(*found) if found else None, len(scored), passed)


def _outcome(exam: Exam, place: int, rows: list[TableRow]) -> Outcome:
    entries = [entry for row in rows if (entry := row.entries[place]) is not None]
    scores = [entry.score for entry in entries if entry.score is not None]
    return outcome(scores, exam.pass_mark, sum(entry.is_absent for entry in entries))
