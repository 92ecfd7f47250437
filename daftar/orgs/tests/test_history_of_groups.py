"""The history of a group: what belongs to it, in which order, for whom, and that it is found by an index."""

from __future__ import annotations

from datetime import date, time, timedelta
from io import BytesIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from daftar.attendance.exams import add_exam
from daftar.attendance.materials import Upload, add_group_file, add_lesson_file
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.attendance.services import conduct_lesson
from daftar.courses.comments import write_comment
from daftar.courses.models import Lesson
from daftar.courses.schedules import Schedule
from daftar.courses.services import edit_group, enrol_student, undo_enrolment
from daftar.courses.topics import add_topics
from daftar.lib.errors import Forbidden
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import AuditEntry, GroupDeed
from daftar.orgs.queries import history_of_group
from daftar.tuition.leaving import transfer
from daftar.tuition.services import enrol_active
from tests.cast import a_centre, a_course, a_group, a_member, a_student, at, owner_of

MANY, BEFORE = 100_000, "0031_comments_on_groups"


@pytest.fixture
def owner(by):
    return owner_of(by)


def verbs(by, group, **asked) -> list[str]:
    return [row.verb.partition(".")[2] for row in history_of_group(by, group.pk, **asked)]


def live(owner, group) -> None:
    """Something of every kind is done to a group."""
    student = a_student(owner, f"S{group.pk}")
    enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=owner.today)
    lesson = Lesson.objects.visible_to(owner).get(group=group, held_on=owner.today)
    conduct_lesson(owner, lesson_id=lesson.pk, absent={})
    scale = add_scale(owner, name=f"S{group.pk}", measure=Measure.of_words(("A", "B")), pass_mark=1)
    add_exam(owner, group_id=group.pk, name="Midterm", held_on=owner.today, scale_id=scale.pk)
    add_group_file(owner, group_id=group.pk, file=Upload("a.txt", 1, BytesIO(b"a")))
    add_lesson_file(owner, lesson_id=lesson.pk, file=Upload("b.txt", 1, BytesIO(b"b")))
    write_comment(owner, group_id=group.pk, text="quiet")


ALL = [
    "write_comment", "add_lesson_file", "add_group_file", "add_exam", "conduct_lesson", "enrol_active", "add_group",
]  # fmt: skip


def test_all_that_was_done_to_a_group_and_its_parts_stands_there_the_newest_first_and_nothing_of_others(owner):
    course = a_course(owner)
    group, other = a_group(owner, course, "Ours"), a_group(owner, course, "Other")
    live(owner, group)
    live(owner, other)
    assert verbs(owner, group) == ALL
    assert verbs(owner, other) == ALL


def test_it_is_narrowed_to_a_kind_and_read_page_by_page(owner):
    group = a_group(owner)
    live(owner, group)
    assert verbs(owner, group, kinds=("exam", "material")) == ["add_lesson_file", "add_group_file", "add_exam"]
    assert verbs(owner, group, kinds=("enrolment",)) == ["enrol_active"]
    first = history_of_group(owner, group.pk, limit=3)
    assert [row.verb.partition(".")[2] for row in first] == ALL[:3]
    assert verbs(owner, group, before_id=first[-1].pk) == ALL[3:]


def test_topics_that_groups_share_are_told_with_each_of_them(owner):
    group = a_group(owner)
    live(owner, group)
    (topic,) = add_topics(owner, course_id=group.course_id, lines="Unit 1")
    assert verbs(owner, group, subjects=[f"topic:{topic.pk}"]) == ["add_topics", *ALL]
    assert verbs(owner, group, kinds=("exam",), subjects=[f"topic:{topic.pk}"]) == ["add_topics", "add_exam"]


def test_a_move_is_told_in_both_groups_and_what_is_gone_is_told_still(owner):
    course = a_course(owner)
    old, new = a_group(owner, course, "Old"), a_group(owner, course, "New")
    student, trial = a_student(owner, "Moves"), a_student(owner, "Undone")
    row = enrol_active(owner, student_id=student.pk, group_id=old.pk, starts_on=date(2025, 5, 1))
    transfer(owner, enrolment_id=row.pk, group_id=new.pk, last_on=owner.today, starts_on=owner.today + timedelta(1))
    assert (verbs(owner, old)[0], verbs(owner, new)[0]) == ("transfer", "transfer")
    gone = enrol_student(owner, student_id=trial.pk, group_id=new.pk, starts_on=owner.today)
    undo_enrolment(owner, enrolment_id=gone.pk)
    assert verbs(owner, new)[:2] == ["undo_enrolment", "enrol_student"]


def test_a_deed_is_told_once_however_much_of_the_group_it_changed(owner):
    group = a_group(owner)
    edit_group(
        owner, group_id=group.pk, name="Renamed", teacher_id=None, room_id=None, starts_on=group.starts_on,
        last_on=group.ends_on - timedelta(1), schedule=Schedule((2, 4, 6), time(9)), capacity=9,
    )  # fmt: skip
    assert verbs(owner, group) == ["edit_group", "add_group"]


def test_only_who_may_see_the_history_reads_it_and_nobody_of_another_centre(owner, by):
    group = a_group(owner)
    with pytest.raises(Forbidden):
        history_of_group(a_member(by, "Bahrom", "teacher"), group.pk)
    other = a_centre("other")
    with tenant_transaction(other.org_id):
        assert history_of_group(owner_of(other), group.pk) == []


def test_what_is_written_beside_an_audit_row_is_written_once(owner):
    a_group(owner)
    for change in (
        lambda rows: rows.update(group_id=1),
        lambda rows: rows.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(GroupDeed.objects.visible_to(owner))


@pytest.mark.parametrize("asked", [{}, {"kinds": ("lesson", "recurrence")}])
def test_of_a_hundred_thousand_deeds_only_those_of_the_page_are_read(owner, asked):
    """By the index of the group, in its order: nothing is sorted, and no other table is read as a whole."""
    group = a_group(owner)
    fill(owner, group)
    plan = plan_of(owner, group, asked)
    assert is_read_in_order(plan), plan
    later = at(owner, "2025-05-15")
    assert len(history_of_group(later, group.pk, limit=51, **asked)) == 51


def test_without_its_index_the_whole_history_would_be_read(owner):
    group = a_group(owner)
    fill(owner, group)
    with connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("DROP INDEX deeds_of_group")
        cursor.execute("SET LOCAL ROLE daftar_app")
    plan = plan_of(owner, group, {})
    assert not is_read_in_order(plan), plan


def fill(by, group) -> None:
    """A hundred thousand deeds: one in twenty of this group, the others of two hundred others."""
    entries = f"""
        INSERT INTO daftar_auditentry (org_id, at, actor, verb, subject, changes)
        SELECT {by.org_id}, now(), 'x', 'attendance.conduct_lesson', 'lesson:' || n,
            '[{{"row": "lesson", "id": 1, "name": "x", "was": null, "now": {{}}}}]' FROM generate_series(1, {MANY}) n
    """
    deeds = f"""
        INSERT INTO daftar_groupdeed (org_id, entry_id, group_id, kind)
        SELECT org_id, id, CASE WHEN id % 20 = 0 THEN {group.pk} ELSE 1000000 + id % 200 END, 'lesson'
        FROM daftar_auditentry WHERE actor = 'x'
    """
    with connection.cursor() as cursor:
        cursor.execute(entries)
        cursor.execute(deeds)
        cursor.execute("SET LOCAL ROLE NONE")
        for table in ("auditentry", "groupdeed"):
            cursor.execute(f"ANALYZE daftar_{table}")
        cursor.execute("SET LOCAL ROLE daftar_app")


def is_read_in_order(plan: str) -> bool:
    """Whether the rows of the group, and no others, are read in the order in which they are shown.

    Joined to what was done, these would be read from the newest on, whichever group they are about.
    """
    (found,) = [line for line in plan.splitlines() if "group_id = " in line]
    in_order = "using deeds_of_group" in plan and "Index Cond" in found
    return in_order and not any(other in plan for other in ("Seq Scan", "Sort", "auditentry"))


def plan_of(by, group, asked) -> str:
    """How the statement is planned that the question asks for what is about the group."""
    with CaptureQueriesContext(connection) as said:
        history_of_group(by, group.pk, limit=51, **asked)
    sql = next(query["sql"] for query in said if "groupdeed" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_was_done_before_the_release_is_found_after_it():
    by = a_centre()
    with tenant_transaction(by.org_id):
        owner = owner_of(by)
        group = a_group(owner)
        live(owner, group)
        was = list(GroupDeed.objects.visible_to(owner).order_by("entry_id").values_list("entry_id", "group_id", "kind"))
        entries = AuditEntry.objects.visible_to(owner).count()
    try:
        call_command("migrate", "daftar", BEFORE, database="owner", interactive=False, verbosity=0)
    finally:
        call_command("migrate", "daftar", database="owner", interactive=False, verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO daftar_app")  # as for every test
    with tenant_transaction(by.org_id):
        now = GroupDeed.objects.visible_to(owner).order_by("entry_id").values_list("entry_id", "group_id", "kind")
        assert list(now) == was
        assert len(was) == len(ALL)
        assert AuditEntry.objects.visible_to(owner).count() == entries
