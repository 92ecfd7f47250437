"""Files for lessons, groups and topics: what is taken, who reaches it, and that it comes back."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from daftar.attendance.exams import add_exam, get_exam
from daftar.attendance.materials import (
    LARGEST,
    FileIsEmpty,
    FileKindUnknown,
    FileNotAsNamed,
    FileTooHeavy,
    Upload,
    add_group_file,
    add_lesson_file,
    add_topic_file,
    content_of,
    files_of_group,
    files_of_lesson,
    get_material,
    remove_material,
    restore_material,
)
from daftar.attendance.models import Material
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.attendance.services import conduct_lesson
from daftar.config import settings as configured
from daftar.config.backup import _copy_files
from daftar.config.env import ENV
from daftar.courses.models import Lesson
from daftar.courses.moves import move_lesson
from daftar.courses.schedules import Schedule
from daftar.courses.services import edit_group
from daftar.courses.topics import add_topics, archive_topic
from daftar.lib.errors import Forbidden, NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import AuditEntry
from tests.cast import a_centre, a_group, a_member

PDF = b"%PDF-1.7 a page of exercises"


def a_file(name: str = "unit 1.pdf", content: bytes = PDF) -> Upload:
    return Upload(name, len(content), BytesIO(content))


@pytest.fixture
def group(by):
    return a_group(by, starts_on="2025-05-01")


@pytest.fixture
def lesson(by, group) -> Lesson:
    return Lesson.objects.visible_to(by).get(group=group, held_on="2025-05-12")


def read(by, row: Material) -> bytes:
    with content_of(by, row) as file:
        return file.read()


def test_a_file_of_each_owner_is_read_back_and_stands_with_the_group(by, group, lesson):
    (topic,) = add_topics(by, course_id=group.course_id, lines="Unit 1")
    own = add_group_file(by, group_id=group.pk, file=a_file("rules.pdf"))
    homework = add_lesson_file(by, lesson_id=lesson.pk, file=a_file("page 3.pdf", PDF + b" 3"))
    of_plan = add_topic_file(by, topic_id=topic.pk, file=a_file("unit.txt", "Ўқув".encode()))
    assert [read(by, row) for row in (own, homework, of_plan)] == [PDF, PDF + b" 3", "Ўқув".encode()]
    found = files_of_group(by, group.pk)
    assert ([*found.own], [*found.lessons], [*found.topics]) == ([own], [homework], [of_plan])
    assert (own.branch_id, homework.branch_id, of_plan.branch_id) == (group.branch_id, group.branch_id, None)
    archive_topic(by, topic_id=topic.pk)
    assert files_of_group(by, group.pk).topics == []


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("page.html", b"<script>", FileKindUnknown), ("drawing.svg", b"<svg/>", FileKindUnknown),
        ("run.exe", b"MZ", FileKindUnknown), ("nothing", b"x", FileKindUnknown), (".pdf", b"<html>", FileNotAsNamed),
        ("page.pdf", b"<html><script>", FileNotAsNamed), ("photo.png", PDF, FileNotAsNamed),
        ("list.txt", b"a\x00b", FileNotAsNamed), ("unit.pdf", b"", FileIsEmpty),
    ],
)  # fmt: skip
def test_what_is_no_document_picture_or_sound_is_refused(by, group, name, content, refusal):
    with pytest.raises(refusal):
        add_group_file(by, group_id=group.pk, file=a_file(name, content))
    assert Material.objects.visible_to(by).count() == 0


def test_a_file_that_lies_about_its_size_is_refused_all_the_same(by, group):
    huge = BytesIO(b"%PDF-" + bytes(LARGEST))
    for said in (LARGEST + 1, 5):
        huge.seek(0)
        with pytest.raises(FileTooHeavy):
            add_group_file(by, group_id=group.pk, file=Upload("huge.pdf", said, huge))
    kept = [path for path in (Path(settings.MEDIA_ROOT) / str(by.org_id)).rglob("*") if path.is_file()]
    assert kept == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\work\\unit.pdf", "unit.pdf"), ("../../etc/unit.pdf", "unit.pdf"), ("a\nb\u202efdp.pdf", "abfdp.pdf"),
        ("x" * 300 + ".pdf", "x" * 195 + "….pdf"),
    ],
)  # fmt: skip
def test_of_a_name_only_the_last_part_stays_and_only_what_can_be_seen(by, group, sent, kept):
    assert add_group_file(by, group_id=group.pk, file=a_file(sent)).name == kept


def test_a_file_taken_away_opens_no_more_and_comes_back(by, lesson):
    row = add_lesson_file(by, lesson_id=lesson.pk, file=a_file())
    remove_material(by, material_id=row.pk)
    assert files_of_lesson(by, lesson.pk) == []
    with pytest.raises(NotFound):
        content_of(by, get_material(by, row.pk))
    restore_material(by, material_id=row.pk)
    assert read(by, get_material(by, row.pk)) == PDF
    told = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert (told.verb, told.branch_id) == ("attendance.restore_material", row.branch_id)


def test_a_file_whose_bytes_are_lost_is_not_found_and_breaks_nothing(by, group):
    row = add_group_file(by, group_id=group.pk, file=a_file("lost.pdf", PDF + b" lost"))
    (Path(settings.MEDIA_ROOT) / str(by.org_id) / row.sha256[:2] / row.sha256).unlink()
    with pytest.raises(NotFound):
        content_of(by, row)
    assert files_of_group(by, group.pk).own == [row]


def test_homework_goes_with_its_lesson(by, group, lesson):
    row = add_lesson_file(by, lesson_id=lesson.pk, file=a_file())
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 15), starts_time=lesson.starts_time)
    assert files_of_group(by, group.pk).lessons == [row]


def test_a_new_schedule_takes_the_files_of_lessons_that_are_planned_no_more_and_leaves_those_of_the_past(by, group):
    past, ahead = (Lesson.objects.visible_to(by).get(group=group, held_on=day) for day in ("2025-05-12", "2025-05-16"))
    conduct_lesson(by, lesson_id=past.pk, absent={})
    kept, gone = (add_lesson_file(by, lesson_id=row.pk, file=a_file()) for row in (past, ahead))
    exam = add_exam(
        by, group_id=group.pk, name="Final", held_on=date(2025, 5, 16),
        scale_id=add_scale(by, name="Ten", measure=Measure(Decimal(0), Decimal(10)), pass_mark=Decimal(5)).pk,
    )  # fmt: skip
    edit_group(
        by, group_id=group.pk, name=group.name, starts_on=group.starts_on, last_on=date(2025, 6, 1),
        schedule=Schedule((2, 4), time(9)), teacher_id=None, room_id=None, capacity=None,
    )  # fmt: skip
    assert files_of_group(by, group.pk).lessons == [kept]
    assert not Material.objects.visible_to(by).filter(pk=gone.pk).exists()
    assert get_exam(by, exam.pk) == exam


def test_the_database_wants_one_owner(by, group, lesson):
    row = add_group_file(by, group_id=group.pk, file=a_file())
    with pytest.raises(IntegrityError, match="material_of_one"), transaction.atomic():
        Material.objects.visible_to(by).filter(pk=row.pk).update(lesson=lesson)


# --- who ------------------------------------------------------------------------------------------------------------


def test_a_teacher_attaches_to_own_groups_and_to_lessons_given_as_a_substitute(by, group, lesson):
    teacher = a_member(by, "Tohir", "teacher")
    row = add_group_file(by, group_id=group.pk, file=a_file())
    for ask in (
        lambda: get_material(teacher, row.pk),
        lambda: add_group_file(teacher, group_id=group.pk, file=a_file()),
        lambda: add_lesson_file(teacher, lesson_id=lesson.pk, file=a_file()),
        lambda: remove_material(teacher, material_id=row.pk),
    ):
        with pytest.raises(NotFound):
            ask()
    Lesson.objects.visible_to(by).filter(pk=lesson.pk).update(teacher_id=teacher.member_id)
    homework = add_lesson_file(teacher, lesson_id=lesson.pk, file=a_file())
    assert read(teacher, get_material(teacher, homework.pk)) == PDF


def test_files_of_a_plan_are_for_every_teacher_to_read_and_for_who_writes_plans_to_change(by, group):
    (topic,) = add_topics(by, course_id=group.course_id, lines="Unit 1")
    row = add_topic_file(by, topic_id=topic.pk, file=a_file())
    teacher = a_member(by, "Tohir", "teacher")
    assert read(teacher, get_material(teacher, row.pk)) == PDF
    for deed in (remove_material, restore_material):
        with pytest.raises(Forbidden):
            deed(teacher, material_id=row.pk)
    with pytest.raises(Forbidden):
        add_topic_file(teacher, topic_id=topic.pk, file=a_file())


def test_another_branch_sees_files_of_plans_only(by, group):
    (topic,) = add_topics(by, course_id=group.course_id, lines="Unit 1")
    of_plan = add_topic_file(by, topic_id=topic.pk, file=a_file())
    own = add_group_file(by, group_id=group.pk, file=a_file())
    elsewhere = replace(by, branch_ids=frozenset({0}))
    assert get_material(elsewhere, of_plan.pk) == of_plan
    with pytest.raises(NotFound):
        get_material(elsewhere, own.pk)


def test_the_same_file_of_two_centres_is_kept_twice_and_neither_finds_the_others(by, group):
    row = add_group_file(by, group_id=group.pk, file=a_file())
    other = a_centre("other")
    with tenant_transaction(other.org_id):
        theirs = add_group_file(other, group_id=a_group(other).pk, file=a_file())
        with pytest.raises(NotFound):
            get_material(other, row.pk)
        # The hash of a neighbour's file opens nothing in one's own folder once one's own is gone.
        (Path(settings.MEDIA_ROOT) / str(other.org_id) / theirs.sha256[:2] / theirs.sha256).unlink()
        with pytest.raises(NotFound):
            content_of(other, theirs)
    assert read(by, row) == PDF


# --- backups --------------------------------------------------------------------------------------------------------


def test_files_lie_where_backups_copy_from(by, group, tmp_path):
    row = add_group_file(by, group_id=group.pk, file=a_file())
    assert ENV.data / "files" == configured.MEDIA_ROOT
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "files").symlink_to(settings.MEDIA_ROOT)
    _copy_files(tmp_path / "data", tmp_path / "backup", None)
    kept = tmp_path / "backup" / "files" / str(by.org_id) / row.sha256[:2] / row.sha256
    assert kept.read_bytes() == PDF
