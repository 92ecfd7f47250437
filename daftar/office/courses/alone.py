"""Pages on lessons without a group: of one student, from the card or the timetable, and of whoever comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from daftar.attendance.makeup_lessons import plan_own_make_up
from daftar.attendance.makeups import make_ups_of
from daftar.courses import alone, queries
from daftar.courses.conflicts import Alone
from daftar.courses.kinds import LessonKind
from daftar.office import formats
from daftar.office.conflicts import conflicts_shown
from daftar.office.courses.alone_forms import AloneForm, LastDayForm, RegularForm
from daftar.office.courses.forms import ASKED
from daftar.office.forms import as_number, done, form_page, number_in, tell, the_only, typed
from daftar.office.lesson_words import regular_rows
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled
from daftar.orgs.queries import branches, teachers
from daftar.people.queries import get_student
from daftar.reports.queries import find_students

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from daftar.courses.models import Lesson
    from daftar.orgs.access import Actor
    from daftar.people.models import Student


@page("courses.edit")
def lesson_single_new(request: OfficeRequest) -> HttpResponse:
    by = request.by

    def planned(lesson: Lesson) -> HttpResponse:
        told = {"name": lesson.name, "day": formats.weekday_day(lesson.held_on)}
        tell(request, _("The lesson of %(name)s on %(day)s is planned.") % told)
        if by.may("attendance.mark"):
            return redirect("office:lesson", by.org_slug, lesson.pk)
        return redirect(reverse("office:timetable", args=[by.org_slug]) + f"?on={lesson.held_on.isoformat()}")

    titles = (_("A lesson of %(name)s"), _("New trial lesson"))
    return _new(request, AloneForm, partial(_plan, by), planned, titles)


@page("courses.edit")
def lessons_regular_new(request: OfficeRequest) -> HttpResponse:
    by = request.by

    def planned(lessons: list[Lesson]) -> HttpResponse:
        first = lessons[0]
        told = {"name": first.name, "day": formats.weekday_day(first.held_on)}
        tell(request, _("Regular lessons of %(name)s are planned from %(day)s on.") % told)
        return redirect(_home(request, first.student_id))

    titles = (_("Regular lessons of %(name)s"), _("Regular trial lessons"))
    return _new(request, RegularForm, partial(alone.plan_regular_lessons, by), planned, titles)


@page("courses.view")
def lessons_regular(request: OfficeRequest) -> HttpResponse:
    """The weekly trials of the actor's branches."""
    rows = alone.regular_lessons(request.by, student_id=None)
    return render(request, "office/courses/regular.html", {"rows": regular_rows(rows)})


@page("courses.edit")
def lessons_regular_last_day(request: OfficeRequest, recurrence_id: int) -> HttpResponse:
    by, row = request.by, alone.get_regular_lesson(request.by, recurrence_id)
    home, name = _home(request, row.student_id), str(row.student or row.course)
    form = LastDayForm(request.POST or None, initial={"last_on": row.last_on})
    if done(form, partial(alone.set_last_day, by, recurrence_id=recurrence_id)):
        day = formats.weekday_day(form.cleaned_data["last_on"])
        tell(request, _("The last day of the regular lessons is %(day)s.") % {"day": day})
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=_("Last day of the regular lessons of %(name)s") % {"name": name},
        submit_label=_("Save"), cancel_url=home, crumbs=[(name, home)],
        text=_(
            "An earlier day takes the planned lessons after it away; those that were held or moved by hand stay. "
            "Up to a later day they go on as they are."
        ),
    )  # fmt: skip


def _plan(by: Actor, *, make_up_id: int | None = None, **asked: Any) -> Lesson:
    if make_up_id is None:
        return alone.plan_single_lesson(by, **asked)
    return plan_own_make_up(by, make_up_id=make_up_id, **asked)


def _new(
    request: OfficeRequest, form_of: type[AloneForm], verb: Callable[..., Any],
    planned: Callable[[Any], HttpResponse], titles: tuple[str, str],
) -> HttpResponse:  # fmt: skip
    """Asks whose lesson it is, and then for the rest; `titles` are those of a student's and of a trial."""
    by = request.by
    chosen = as_number(request.POST.get("student") or request.GET.get("student", ""))
    kept = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    if chosen is None and typed(request, "kind", 10) != LessonKind.TRIAL.value and request.method != "POST":
        return _whose(request, kept)
    student = None if chosen is None else get_student(by, chosen)
    form = _form(request, form_of, student, kept)
    if request.method == "POST" and (added := done(form, partial(verb, student_id=student.pk if student else None))):
        return planned(added)
    nobody = _("Nobody is on it at first: whoever comes is put on the lesson itself.")
    name = student.full_name if student else ""
    home = _home(request, student.pk if student else None)
    # Regular lessons are many: what they clash with is marked in the timetable.
    shown = {"conflicts": conflicts_shown(request, form, partial(_intended, student))} if form_of is AloneForm else {}
    return form_page(
        request, "office/courses/alone_form.html", form, title=(titles[0] % {"name": name}) if student else titles[1],
        student_id=student.pk if student else None, submit_label=_("Plan"), cancel_url=home,
        crumbs=[(name or _("Timetable"), home)], text="" if student else nobody, **shown,
    )  # fmt: skip


def _intended(student: Student | None, said: dict[str, Any]) -> Alone:
    return Alone(said["branch_id"], said["course_id"], student.pk if student else None)


def _form(request: OfficeRequest, form_of: type[AloneForm], student: Student | None, kept: dict[str, str]) -> AloneForm:
    by = request.by
    places = branches(by)
    if student is not None:
        places = [row for row in places if row.pk == student.branch_id] or places
    elif request.branch is not None:
        places = sorted(places, key=lambda row: row.pk != getattr(request.branch, "pk", None))
    on = kept.get("held_on", by.today.isoformat())
    may_link = form_of is AloneForm and by.may("attendance.add_guests")
    return form_of(
        filled(request), initial={"branch_id": places[0].pk, "held_on": on, "starts_on": on} | kept,
        courses=queries.courses(by.trusted()),
        types=queries.own_lesson_types(by.trusted()), branches=places, rooms=queries.rooms(by), teachers=teachers(by),
        kind=LessonKind.TRIAL if student is None else LessonKind.INDIVIDUAL,
        owed=make_ups_of(by, student.pk) if student is not None and may_link else (),
    )  # fmt: skip


def _whose(request: OfficeRequest, kept: dict[str, str]) -> HttpResponse:
    """Whose lesson: a student's who is found by name, a group's, or nobody's."""
    by, q = request.by, typed(request, "q")
    groups = list(queries.groups(by))
    if (group_id := number_in(request, "group")) in {row.pk for row in groups}:
        return redirect(reverse("office:lesson-new", args=[by.org_slug, group_id]) + f"?{urlencode(kept)}")
    found = find_students(by, q) if by.may("people.view") else []
    rest = urlencode(kept)
    if only := the_only(request, found):
        return redirect(f"{request.path}?{rest}&student={only}")
    context = {
        "title": _("Whose lesson?"), "q": q, "found": found, "kept": kept.items(), "choose": f"?{rest}&student=%s",
        "trial": f"?{rest}&kind=trial", "may_find": by.may("people.view"),
        "groups": [(row.pk, row.name) for row in groups],
    }  # fmt: skip
    return render(request, "office/courses/alone_whose.html", context)


def _home(request: OfficeRequest, student_id: int | None) -> str:
    by = request.by
    if student_id is not None and by.may("people.view"):
        return reverse("office:student", args=[by.org_slug, student_id])
    return reverse("office:lessons-regular" if student_id is None else "office:timetable", args=[by.org_slug])
