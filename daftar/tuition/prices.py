"""Verbs on what is agreed for many or for one lesson: course prices from a day on, and who pays for a lesson."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.models import Course, Group, Lesson
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, note, publish, verb
from daftar.people.models import Student
from daftar.tuition.listed import next_day, write_step
from daftar.tuition.models import LessonPick, Subscription
from daftar.tuition.queries import may_pay
from daftar.tuition.tariffs import check_price, follow

if TYPE_CHECKING:
    from datetime import date


class PayerDoesNotFit(Refusal):
    field = "subscription_id"
    text = _("This subscription does not pay for that lesson.")


class GroupPriceMissing(Refusal):
    field = "price"
    text = _("The course has no price, or is charged in another way: write what the group costs.")


@verb("tuition.manage")
def change_course_price(by: Actor, *, course_id: int, price: int, from_on: date, bound_follow: bool) -> Course:
    """Another price of a course from a day on, for who is activated then or later; `bound_follow`: for all members.

    Members with a price of their own, and groups with one, keep it. What was charged before that day stays (D11).
    """
    course: Course = Course.objects.visible_to(by).select_for_update(no_key=True).one(pk=course_id)
    check_price(price, course.currency)
    write_step(by, course, price, from_on, bound_follow=bound_follow)
    if bound_follow:
        bound = Subscription.objects.visible_to(by).filter(group__course=course, group__price=None, tariff=None)
        until = next_day(by, Q(course=course) | Q(group__course=course), from_on)
        follow(by, bound, price, from_on, until)
    return course


@verb("tuition.manage")
def change_group_price(by: Actor, *, group_id: int, price: int | None, from_on: date, bound_follow: bool) -> Group:
    """Another price of a group from a day on (None: as its course); `bound_follow`: for its members too."""
    rows = Group.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).select_related("course")
    group: Group = rows.one(pk=group_id)
    amount = group.course.price if price is None else price
    if amount is None or (price is None and group.plan not in ("", group.course.plan)):
        raise GroupPriceMissing
    check_price(amount, group.course.currency)
    write_step(by, group, price, from_on, bound_follow=bound_follow)
    if bound_follow:
        until = next_day(by, Q(group=group) | Q(course=group.course), from_on)
        follow(by, Subscription.objects.visible_to(by).filter(group=group, tariff=None), amount, from_on, until)
    return group


@verb("tuition.price")
def choose_payer(by: Actor, *, student_id: int, lesson_id: int, subscription_id: int | None) -> None:
    """Says by hand which subscription pays for one lesson; None leaves it to the rules again (decision D6).

    PayerDoesNotFit for one that does not run on that day, or is not for such a lesson.
    """
    student: Student = Student.objects.visible_to(by).one(pk=student_id)
    lesson: Lesson = Lesson.objects.visible_to(by).one(pk=lesson_id)
    rows = LessonPick.objects.visible_to(by).filter(student=student, lesson=lesson)
    had = rows.values_list("subscription_id", flat=True).first()
    if had == subscription_id:
        return
    rows.delete()
    if subscription_id is not None:
        # Under this lock nobody takes its binding back meanwhile.
        bound = Subscription.objects.visible_to(by).select_for_update(no_key=True)
        chosen: Subscription = bound.one(pk=subscription_id)
        if chosen.pk not in may_pay(by.trusted(), student_id=student_id, lesson_id=lesson_id):
            raise PayerDoesNotFit
        LessonPick.objects.create(org_id=by.org_id, student=student, lesson=lesson, subscription=chosen)
    note(by, lesson, was={"subscription": had}, now={"subscription": subscription_id})
    publish(by, TuitionFactsChanged((student_id,)))
