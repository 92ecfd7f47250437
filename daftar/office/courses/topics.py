"""Pages on the plan of topics of a course, on how a group follows it, and on the topic of a lesson."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from daftar.attendance.queries import get_lesson
from daftar.attendance.topics import choose_topic, undo_topic
from daftar.courses import queries, topics
from daftar.office import formats
from daftar.office.courses.topic_forms import LessonTopicForm, PlaceForm, TopicForm, TopicsForm
from daftar.office.forms import UndoForm, done, form_page, number_in, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.courses.models import Lesson, Topic


@page("courses.edit")
def course_topics(request: OfficeRequest, course_id: int) -> HttpResponse:
    by, course = request.by, queries.get_course(request.by, course_id)
    form = TopicsForm(request.POST or None)
    if added := done(form, partial(topics.add_topics, by, course_id=course_id)):
        tell(
            request, ngettext("%(num)s topic is added.", "%(num)s topics are added.", len(added)) % {"num": len(added)}
        )
        return redirect("office:course-topics", by.org_slug, course_id)
    rows = topics.topics_of(by, course_id)
    context = {
        "course": course, "rows": [row for row in rows if row.place is not None],
        "archived": [row for row in rows if row.place is None],
        # The topic that was just moved, and by which button: there the next press is expected.
        "moved": number_in(request, "moved"), "way": request.GET.get("way", ""),
    }  # fmt: skip
    return form_page(request, "office/courses/topics.html", form, **context)


@page("courses.edit")
def topic_edit(request: OfficeRequest, topic_id: int) -> HttpResponse:
    by, row = request.by, topics.get_topic(request.by, topic_id)
    names = ("title", "contents", "homework")
    form, home = (
        TopicForm(request.POST or None, initial={name: getattr(row, name) for name in names}),
        _home(request, row),
    )
    if done(form, partial(topics.edit_topic, by, topic_id=topic_id)):
        tell(request, _("Saved."))
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=row.title, submit_label=_("Save"), cancel_url=home,
        crumbs=_crumbs(request, row), text=_("Lessons that were taught keep the title they were taught under."),
    )  # fmt: skip


@page("courses.edit")
def topic_move(request: OfficeRequest, topic_id: int) -> HttpResponse:
    by, row = request.by, topics.get_topic(request.by, topic_id)
    form, home = PlaceForm(request.POST or None, initial={"place": row.place}), _home(request, row)
    if moved := done(form, partial(topics.move_topic, by, topic_id=topic_id)):
        way = "up" if row.place and moved.place and moved.place < row.place else "down"
        tell(request, _("%(title)s is number %(place)s now.") % {"title": moved.title, "place": moved.place})
        return redirect(f"{home}?moved={moved.pk}&way={way}")
    return form_page(
        request, "office/form.html", form, title=_("Where does %(title)s stand?") % {"title": row.title},
        submit_label=_("Move"), cancel_url=home, crumbs=_crumbs(request, row),
    )  # fmt: skip


@page("courses.edit")
def topic_archive(request: OfficeRequest, topic_id: int) -> HttpResponse:
    by, row = request.by, topics.get_topic(request.by, topic_id)
    form, home = UndoForm(request.POST or None), _home(request, row)
    if done(form, partial(topics.archive_topic, by, topic_id=topic_id)):
        back = reverse("office:topic-restore", args=[by.org_slug, topic_id]) + f"?place={row.place}"
        tell(request, _("%(title)s is in the archive.") % {"title": row.title}, undo=back)
        return undone(request, home)
    return form_page(
        request, "office/form.html", form, title=_("Put %(title)s into the archive?") % {"title": row.title},
        text=_("It leaves the plan. Lessons in which it was taught keep it."), submit_label=_("Put into the archive"),
        cancel_url=home, crumbs=_crumbs(request, row),
    )  # fmt: skip


@page("courses.edit")
def topic_restore(request: OfficeRequest, topic_id: int) -> HttpResponse:
    by, row = request.by, topics.get_topic(request.by, topic_id)
    form = UndoForm(request.POST or None)
    home = _home(request, row)
    if done(form, partial(topics.restore_topic, by, topic_id=topic_id, place=number_in(request, "place"))):
        tell(request, _("%(title)s is in the plan again.") % {"title": row.title})
        return undone(request, home)
    return undo_page(request, form, _("Bring %(title)s back into the plan?") % {"title": row.title}, home)


@page("courses.view")
def group_plan(request: OfficeRequest, group_id: int) -> HttpResponse:
    """The topics of a group: taught when, expected when, and how far it is."""
    by, row = request.by, queries.get_group(request.by, group_id)
    plan = topics.plan_of_group(by, group_id)
    following = plan.next
    lines = [
        {
            "place": line.topic.place, "title": line.topic.title, "contents": line.topic.contents,
            "homework": line.topic.homework, "taught": line.taught, "expected_on": line.expected_on,
            "is_next": following is not None and line.topic.pk == following.pk,
        }
        for line in plan.lines
    ]  # fmt: skip
    context = {
        "group": row, "lines": lines, "others": plan.others, "stands": _stands(plan.ahead), "ahead": plan.ahead,
        "taught": sum(bool(line.taught) for line in plan.lines), "left_over": plan.left_over,
    }  # fmt: skip
    return render(request, "office/courses/plan.html", context)


@page("attendance.mark")
def lesson_topic(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    offer = topics.topics_for(by, row)
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    initial = {"plan_topic_id": offer.chosen_id, "topic": "" if row.plan_topic_id else row.topic}
    form = LessonTopicForm(request.POST or None, initial=initial, offer=offer)
    if done(form, partial(choose_topic, by, lesson_id=lesson_id)):
        undo = reverse("office:lesson-topic-undo", args=[by.org_slug, lesson_id])
        tell(request, _("The topic is saved."), undo=undo)
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=_("What is the lesson of %(day)s about?") % {"day": _named(row)},
        submit_label=_("Save"), cancel_url=home, crumbs=[(row.name, home)],
    )  # fmt: skip


@page("attendance.mark")
def lesson_topic_undo(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    form, home = UndoForm(request.POST or None), reverse("office:lesson", args=[by.org_slug, lesson_id])
    if done(form, partial(undo_topic, by, lesson_id=lesson_id)):
        tell(request, _("The topic is as it was before."))
        return undone(request, home)
    return undo_page(
        request, form, _("Give the lesson of %(day)s the topic it had before?") % {"day": _named(row)}, home
    )


def _stands(ahead: int | None) -> str:
    """How far a group is, in words."""
    if ahead is None:
        return _("No lesson had a topic of the plan yet.")
    if ahead == 0:
        return _("In step with the timetable.")
    count = abs(ahead)
    if ahead < 0:
        return ngettext("%(num)s topic behind the timetable", "%(num)s topics behind the timetable", count) % {
            "num": count
        }
    return ngettext("%(num)s topic ahead of the timetable", "%(num)s topics ahead of the timetable", count) % {
        "num": count
    }


def _named(row: Lesson) -> str:
    return f"{formats.weekday_day(row.held_on)}, {formats.clock(row.starts_time)}"


def _home(request: OfficeRequest, row: Topic) -> str:
    return reverse("office:course-topics", args=[request.by.org_slug, row.course_id])


def _crumbs(request: OfficeRequest, row: Topic) -> list[tuple[Any, str]]:
    courses = reverse("office:courses", args=[request.by.org_slug])
    return [(_("Courses"), courses), (row.course.name, _home(request, row))]
