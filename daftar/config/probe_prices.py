"""What is agreed with students, in a probe's branch: tariffs, discounts, pauses, days off, and what was declined."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from daftar.courses.alone import plan_regular_lessons, plan_single_lesson
from daftar.courses.catalogue import add_lesson_type
from daftar.courses.days import add_holiday, cancel_lesson
from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.courses.leaving_reasons import add_leaving_reason
from daftar.courses.models import Group, Lesson
from daftar.courses.moves import Staffing
from daftar.courses.regular import add_regular_lessons
from daftar.courses.rules import PlanKind
from daftar.courses.services import add_group, enrol_student
from daftar.finance.services import give_bonus
from daftar.orgs.charging import Charging, change_branch_charging
from daftar.people.services import add_student
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.forecasts import keep_forecast
from daftar.tuition.leaving import leave_group
from daftar.tuition.pauses import suspend
from daftar.tuition.prices import change_course_price, change_group_price, choose_payer
from daftar.tuition.queries import may_pay
from daftar.tuition.services import enrol_active
from daftar.tuition.several import leave_together
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff, change_tariff_price, set_own_price
from daftar.tuition.weekdays import choose_weekdays

if TYPE_CHECKING:
    from daftar.config.probe import Probe
    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch

FAR = date(2099, 1, 1)  # a day that moves nobody's lessons


def fill_prices(probe: Probe, owner: Actor, branch: Branch) -> None:
    """Two of everything."""
    keep_forecast(owner.trusted(), branch_id=branch.pk)
    give_bonus(
        owner, student_id=probe.ids[f"student@{branch.pk}"], amount=70_000, paid_on=owner.today, key=probe.text(),
        note=probe.text("friend"),
    )  # fmt: skip
    for place in range(2):
        _tariff(probe, owner, branch, place)
        _discount(probe, owner, branch, place)
        _pauses(probe, owner, branch)
        _days(probe, owner, branch, place)
        _alone(probe, owner, branch, place)


def _tariff(probe: Probe, owner: Actor, branch: Branch, place: int) -> None:
    terms = TariffTerms(name=probe.text("tariff"), plan=PlanKind.PER_LESSON, currency="UZS")
    tariff = add_tariff(owner, terms=terms, price=40_000, from_on=owner.today)
    change_tariff_price(owner, tariff_id=tariff.pk, price=50_000, from_on=FAR, bound_follow=False)
    student_id = probe.ids[f"student@{branch.pk}"]
    monthly = _monthly(owner, branch)
    ahead = FAR + timedelta(days=place)
    change_course_price(owner, course_id=monthly.course_id, price=5_000_000, from_on=ahead, bound_follow=False)
    change_group_price(owner, group_id=monthly.pk, price=5_000_000, from_on=ahead, bound_follow=False)
    binding = Binding(FAR, note=probe.text("note"), is_separate=bool(place))
    bound = bind_tariff(owner, student_id=student_id, tariff_id=tariff.pk, binding=binding)
    set_own_price(owner, subscription_id=bound.pk, price=45_000, from_on=FAR)
    probe.keep(tariff_id=tariff.pk, subscription_id=bound.pk)
    held = Lesson.objects.visible_to(owner).filter(branch=branch, status=LessonStatus.CONDUCTED).order_by("id")
    own = may_pay(owner, student_id=student_id, lesson_id=held[place].pk)
    choose_payer(owner, student_id=student_id, lesson_id=held[place].pk, subscription_id=own[0])


def _discount(probe: Probe, owner: Actor, branch: Branch, place: int) -> None:
    terms = DiscountTerms(FAR, percent=Decimal(10 + place), reason=probe.text("why"))
    row = give_discount(owner, student_id=probe.ids[f"student@{branch.pk}"], terms=terms)
    probe.keep(discount_id=row.pk)


def _pauses(probe: Probe, owner: Actor, branch: Branch) -> None:
    """Someone who pauses and is credited nothing, and somebody who has left."""
    monthly, today = _monthly(owner, branch), owner.today
    student = add_student(owner, full_name=probe.text("Paused"), branch_id=branch.pk)
    member = enrol_active(owner, student_id=student.pk, group_id=monthly.pk, starts_on=monthly.starts_on)
    choose_weekdays(owner, enrolment_id=member.pk, weekdays_off={2, 7}, from_on=monthly.starts_on)
    pause = suspend(
        owner, student_ids=[student.pk], starts_on=today - timedelta(days=3), last_on=today - timedelta(days=2),
        reason=probe.text("ill"), gives_credit=False, decline_reason=probe.text("agreed"),
    )[0]  # fmt: skip
    probe.keep(suspension_id=pause.pk, since=int(f"{today:%Y%m%d}"), off=0)
    _given(probe, owner, branch)
    gone = add_student(owner, full_name=probe.text("Gone"), branch_id=branch.pk)
    row = enrol_student(owner, student_id=gone.pk, group_id=monthly.pk, starts_on=monthly.starts_on)
    why = add_leaving_reason(owner, name=probe.text("reason of leaving"), place=7)
    probe.keep(leaving_reason=why.pk, leaving_reason_id=why.pk)
    leave_group(owner, enrolment_id=row.pk, last_on=today, reason=probe.text("moved"), reason_id=why.pk)
    together = add_student(owner, full_name=probe.text("Together"), branch_id=branch.pk)
    member = enrol_student(owner, student_id=together.pk, group_id=monthly.pk, starts_on=monthly.starts_on)
    done = leave_together(owner, enrolment_ids=[member.pk], last_on=today, reason=probe.text("all of them"))
    probe.keep(done_id=done.id)
    empty = add_group(
        owner, branch_id=branch.pk, name=probe.text("empty"), course_id=monthly.course_id, starts_on=monthly.starts_on,
        last_on=today + timedelta(days=60),
    )  # fmt: skip
    probe.keep(into_group=empty.pk)


def _given(probe: Probe, owner: Actor, branch: Branch) -> None:
    """Someone to whom a pause was given back while the branch kept what was charged."""
    as_it_is = Charging(**{each.name: getattr(branch, each.name) for each in fields(Charging)})
    change_branch_charging(owner, branch_id=branch.pk, charging=replace(as_it_is, unserved_lessons="kept"))
    monthly, today = _monthly(owner, branch), owner.today
    student = add_student(owner, full_name=probe.text("Given"), branch_id=branch.pk)
    enrol_active(owner, student_id=student.pk, group_id=monthly.pk, starts_on=monthly.starts_on)
    suspend(
        owner, student_ids=[student.pk], starts_on=today - timedelta(days=3), last_on=today - timedelta(days=2),
        reason=probe.text("away"), gives_credit=True, give_reason=probe.text("asked"),
    )  # fmt: skip
    change_branch_charging(owner, branch_id=branch.pk, charging=as_it_is)


def _days(probe: Probe, owner: Actor, branch: Branch, place: int) -> None:
    day = add_holiday(owner, name=probe.text("feast"), starts_on=FAR + timedelta(days=place), branch_id=branch.pk)[0]
    kind = add_lesson_type(owner, name=probe.text("make-up"), kind=LessonKind.GROUP)
    probe.keep(holiday_id=day.pk, lesson_type_id=kind.pk)
    ahead = Lesson.objects.visible_to(owner).filter(branch=branch, status=LessonStatus.PLANNED)
    cancel_lesson(owner, lesson_id=ahead.order_by("-held_on", "id")[0].pk, reason=probe.text("no teacher"))


def _alone(probe: Probe, owner: Actor, branch: Branch, place: int) -> None:
    """A student's lessons on Sundays, a weekly trial, one of each, and of each group a lesson beside its days."""
    at: dict[str, Any] = {"branch_id": branch.pk, "course_id": _monthly(owner, branch).course_id}
    teacher = Staffing(None, probe.ids["teacher_id"])
    hour, ahead = time(5, place * 20), owner.today + timedelta(days=8)
    whose: dict[str, Any] = {"kind": LessonKind.INDIVIDUAL, "student_id": probe.ids[f"student@{branch.pk}"]}
    nobodys: dict[str, Any] = {"kind": LessonKind.TRIAL}
    for kind in (whose, nobodys):
        plan_single_lesson(owner, **kind, **at, held_on=ahead, starts_time=hour, staffing=teacher)
        span: dict[str, Any] = {"weekdays": (7,), "starts_on": ahead, "last_on": ahead + timedelta(days=20)}
        made = plan_regular_lessons(owner, **kind, **at, **span, starts_time=time(4, place * 20), staffing=teacher)
        probe.keep(recurrence_id=made[0].recurrence_id or 0)
    for group in Group.objects.visible_to(owner).filter(branch=branch).order_by("id"):
        span = {"weekdays": (7,), "starts_on": ahead, "starts_time": time(6, place * 20)}
        beside = add_regular_lessons(owner, group_id=group.pk, type_id=probe.ids["lesson_type_id"], **span)
        probe.keep(regular_id=beside[0].pk)


def _monthly(owner: Actor, branch: Branch) -> Group:
    rows = Group.objects.visible_to(owner).filter(branch=branch, course__plan=PlanKind.CALENDAR_MONTH.value)
    return Group.objects.visible_to(owner).get(pk=rows.order_by("id")[0].pk)
