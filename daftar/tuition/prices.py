"""Verbs on what is agreed for many or for one lesson: course prices from a day on, and who pays for a lesson."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.models import Course, Group, Lesson
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note, publish, verb
from daftar.people.models import Student
from daftar.tuition.models import LessonPick, Subscription
from daftar.tuition.tariffs import check_price, follow

if TYPE_CHECKING:
    from datetime import date


class PayerDoesNotFit(Refusal):
    field = "subscription_id"
    text = _("This subscription does not pay for that lesson.")


@verb("tuition.manage")
def change_course_price(by: Actor, *, course_id: int, price: int, from_on: date, bound_follow: bool) -> Course:
    """Another price of a course, for who is activated from now on; `bound_follow`: for all its members from a day on.

    Members with a price of their own, and groups with one, keep it. What was charged before that day stays (D11).
    """
    course: Course = Course.objects.visible_to(by).select_for_update(no_key=True).one(pk=course_id)
    check_price(price, course.currency)
    change(by, course, price=price)
    if bound_follow:
        bound = Subscription.objects.visible_to(by).filter(group__course=course, group__price=None, tariff=None)
        note(by, course, was=None, now={"from_on": from_on, "bound_follow": True})
        follow(by, bound, price, from_on)
    return course


@verb("tuition.manage")
def change_group_price(by: Actor, *, group_id: int, price: int, from_on: date, bound_follow: bool) -> Group:
    """Another price of a group, for who is activated from now on; `bound_follow`: for its members from a day on."""
    group: Group = Group.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).one(pk=group_id)
    check_price(price, group.course.currency)
    change(by, group, price=price)
    if bound_follow:
        note(by, group, was=None, now={"from_on": from_on, "bound_follow": True})
        follow(by, Subscription.objects.visible_to(by).filter(group=group, tariff=None), price, from_on)
    return group


@verb("tuition.price")
def choose_payer(by: Actor, *, student_id: int, lesson_id: int, subscription_id: int | None) -> None:
    """Says by hand which subscription pays for one lesson; None leaves it to the rules again (decision D6)."""
    student: Student = Student.objects.visible_to(by).one(pk=student_id)
    lesson: Lesson = Lesson.objects.visible_to(by).one(pk=lesson_id)
    rows = LessonPick.objects.visible_to(by).filter(student=student, lesson=lesson)
    had = rows.values_list("subscription_id", flat=True).first()
    if had == subscription_id:
        return
    rows.delete()
    if subscription_id is not None:
        chosen: Subscription = Subscription.objects.visible_to(by).one(pk=subscription_id)
        if chosen.student_id != student_id or chosen.group_id not in (None, lesson.group_id):
            raise PayerDoesNotFit
        LessonPick.objects.create(org_id=by.org_id, student=student, lesson=lesson, subscription=chosen)
    note(by, lesson, was={"subscription": had}, now={"subscription": subscription_id})
    publish(by, TuitionFactsChanged((student_id,)))
