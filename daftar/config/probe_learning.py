"""What a group learns, in a probe's branch: exams, tests, files and comments."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from daftar.attendance.exams import Entry, add_exam, enter_results
from daftar.attendance.materials import Upload, add_group_file, add_lesson_file, add_topic_file
from daftar.attendance.results_of_tests import Taken, add_test_result
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.courses.comments import edit_comment, write_comment
from daftar.courses.models import Group, Lesson, Topic

if TYPE_CHECKING:
    from daftar.attendance.models import Scale
    from daftar.config.probe import Probe
    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch


def fill_learning(probe: Probe, owner: Actor, branch: Branch) -> None:
    """A scale of the centre's own, and by it an exam and tests of today in each group of the branch, with the rest."""
    measure = Measure.of_words(("A", "B", "F"))
    scale = add_scale(owner, name=probe.text("scale"), measure=measure, pass_mark=Decimal(2))
    for group in Group.objects.visible_to(owner).filter(branch=branch).order_by("id"):
        exam = add_exam(owner, group_id=group.pk, name=probe.text("exam"), held_on=owner.today, scale_id=scale.pk)
        said = {
            probe.ids[f"student@{branch.pk}"]: Entry(Decimal(3), comment=probe.text("well")),
            probe.ids[f"other_student@{branch.pk}"]: Entry(is_absent=True, comment=probe.text("ill")),
        }
        enter_results(owner, exam_id=exam.pk, entries=said)
        probe.keep(exam_id=exam.pk, scale_id=scale.pk)
        _tests(probe, owner, group, scale)
        _files_of(probe, owner, group)
        _comments(probe, owner, group)


def _tests(probe: Probe, owner: Actor, group: Group, scale: Scale) -> None:
    """A test of somebody in a group, and one of nobody's group."""
    student_id = probe.ids[f"student@{group.branch_id}"]
    test = Taken(probe.text("test"), owner.today, scale.pk, Decimal(3), group.pk, "", group.teacher_id, probe.text())
    row = add_test_result(owner, student_id=student_id, test=test)
    probe.keep(test_id=row.pk, like=row.pk)
    alone = replace(test, name=probe.text("placement"), group_id=None, subject=probe.text("subject"))
    add_test_result(owner, student_id=student_id, test=alone)


def _comments(probe: Probe, owner: Actor, group: Group) -> None:
    """Two comments on a group, one of them said otherwise."""
    for _ in range(2):
        row = write_comment(owner, group_id=group.pk, text=probe.text("comment"))
        probe.keep(comment_id=row.pk)
    edit_comment(owner, comment_id=row.pk, text=probe.text("said otherwise"))


def _files_of(probe: Probe, owner: Actor, group: Group) -> None:
    """A file of a group, one of its lesson of today, and one of its plan."""
    lesson = Lesson.objects.visible_to(owner).get(group=group, held_on=owner.today)
    topic = Topic.objects.visible_to(owner).filter(course_id=group.course_id).order_by("id")[0]
    for place, attach in enumerate(
        (
            partial(add_group_file, owner, group_id=group.pk), partial(add_lesson_file, owner, lesson_id=lesson.pk),
            partial(add_topic_file, owner, topic_id=topic.pk),
        )
    ):  # fmt: skip
        content = f"{group.pk} {place}\n".encode()
        kept = attach(file=Upload(f"{probe.text('file')}.txt", len(content), BytesIO(content)))
        probe.keep(material_id=kept.pk)
