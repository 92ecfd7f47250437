"""Verbs on tariffs: prices that students are bound to, and that change from a day on (decision D11)."""

from __future__ import annotations

from copy import copy
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from daftar.courses.catalogue import check_counts
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.memberships import hold_groups
from daftar.courses.models import Course, Group
from daftar.courses.rules import PlanKind
from daftar.ledger import services as ledger
from daftar.ledger.queries import money_moved
from daftar.lib.errors import Refusal
from daftar.lib.money import LARGEST_MAJOR, exponent
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.models import Branch
from daftar.people.models import Student
from daftar.tuition.discounts import check_lesson_types
from daftar.tuition.ends import ends_of, running
from daftar.tuition.listed import prices_from, tariff_prices_from, terms_of
from daftar.tuition.models import PriceStep, Subscription, Tariff, TariffPrice
from daftar.tuition.services import PriceMissing

if TYPE_CHECKING:
    from datetime import date


class TariffNameTaken(Refusal):
    constraints = ("tariff_name_once",)
    field = "name"
    text = _("There is a tariff with this name already.")


class PriceOutOfRange(Refusal):
    field = "price"
    text = _("A price is zero or more, and not more than any price can be. Check the zeros.")


class NeedsGroup(Refusal):
    field = "group_id"
    text = _("This way of charging goes by a group's calendar. Choose the group.")


class NotOfferedHere(Refusal):
    field = "tariff_id"
    text = _("This tariff is not offered to students of this branch.")


class TariffInOtherCurrency(Refusal):
    field = "branches"
    text = _("%(branch)s keeps its money in another currency than this tariff.")


class BoundAlready(Refusal):
    field = "tariff_id"
    text = _("The student is bound to this tariff on some of these days already, from %(first)s on.")


class BoundAgain(Refusal):
    field = "last_on"
    text = _("From %(first)s the student is bound to this tariff once more. End it before.")


class BoundEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class CameWithActivation(Refusal):
    text = _("This price came with being active in a group. Return the student to trial there to take it back.")


class MoneyKeptApart(Refusal):
    text = _("Money was recorded on the own account of this subscription, so it stays. Set its last day instead.")


class PriceDayTaken(Refusal):
    constraints = ("price_step_once", "tariff_price_once")
    field = "from_on"
    text = _("A price from this day on is written already.")


class NoOwnPrice(Refusal):
    field = "from_on"
    text = _("This subscription has no price of its own.")


class FollowsNothing(Refusal):
    field = "from_on"
    text = _("This subscription is of no course and no tariff whose price could hold. Write another own price.")


class ChargedOtherwiseNow(Refusal):
    field = "from_on"
    text = _("The group or the tariff is charged in another way by now than was agreed here. Activate or bind anew.")


BY_GROUP = (PlanKind.GROUP_MONTH, PlanKind.MODULE)


@dataclass(frozen=True)
class TariffTerms:
    """What a tariff is for. `branches` are ids; empty subjects, lesson types or branches: any."""

    name: str
    plan: PlanKind
    currency: str
    lessons_count: int = 1
    module_lessons: int | None = None
    months: int | None = None
    subjects: tuple[str, ...] = ()
    lesson_types: tuple[str, ...] = ()
    valid_days: int | None = None
    branches: tuple[int, ...] = ()


@verb("tuition.manage")
def add_tariff(by: Actor, *, terms: TariffTerms, price: int, from_on: date) -> Tariff:
    """A new tariff at a price of `price` minor units from a day on (and before it, until another is written)."""
    _check_terms(by, terms)
    check_price(price, terms.currency)
    if Tariff.objects.visible_to(by).filter(name=terms.name).exists():
        raise TariffNameTaken
    tariff = add(by, Tariff, **_values(terms))
    TariffPrice.objects.create(org_id=by.org_id, tariff=tariff, from_on=from_on, amount=price)
    return tariff


@verb("tuition.manage")
def edit_tariff(by: Actor, *, tariff_id: int, terms: TariffTerms, is_archived: bool) -> Tariff:
    """Changes a tariff for those who are bound from now on; who is bound already keeps what was agreed."""
    tariff: Tariff = Tariff.objects.visible_to(by).select_for_update(no_key=True).one(pk=tariff_id)
    _check_terms(by, terms)
    if Tariff.objects.visible_to(by).filter(name=terms.name).exclude(pk=tariff_id).exists():
        raise TariffNameTaken
    change(by, tariff, **_values(terms), is_archived=is_archived)
    return tariff


@verb("tuition.manage")
def change_tariff_price(by: Actor, *, tariff_id: int, price: int, from_on: date, bound_follow: bool) -> Tariff:
    """Another price from a day on; `bound_follow`: also for those bound, unless they have a price of their own.

    One written for that very day before is put right. What was charged before that day stays (decision D11).
    """
    tariff: Tariff = Tariff.objects.visible_to(by).select_for_update(no_key=True).one(pk=tariff_id)
    check_price(price, tariff.currency)
    steps = TariffPrice.objects.visible_to(by)
    had = steps.filter(tariff=tariff, from_on=from_on).values_list("amount", flat=True).first()
    steps.update_or_create(org_id=by.org_id, tariff=tariff, from_on=from_on, defaults={"amount": price})
    was = None if had is None else {"price": had}
    note(by, tariff, was=was, now={"price": price, "from_on": from_on, "bound_follow": bound_follow})
    if bound_follow:
        ahead = TariffPrice.objects.visible_to(by).filter(tariff=tariff, from_on__gt=from_on).order_by("from_on")
        until = ahead.values_list("from_on", flat=True).first()
        follow(by, Subscription.objects.visible_to(by).filter(tariff=tariff), price, from_on, until)
    return tariff


def follow(by: Actor, rows: Any, price: int, from_on: date, until: date | None) -> None:
    """Gives bound subscriptions, a query, a new price from a day on, those with a price of their own are left out.

    It holds up to `until`, the next day on the list (None: there is none): a price that somebody began with in between,
    or came back to, was the one that it replaces.
    """
    bound = running(by.trusted(), rows.filter(has_own_price=False), from_on)
    between = PriceStep.objects.visible_to(by).filter(
        subscription__among=[row.pk for row in bound], from_on__gt=from_on
    )
    if until is not None:
        between = between.filter(from_on__lt=until)
    between.delete()
    PriceStep.objects.bulk_create(
        [PriceStep(org_id=by.org_id, subscription=row, from_on=from_on, amount=price) for row in bound],
        update_conflicts=True, unique_fields=["org", "subscription", "from_on"], update_fields=["amount"],
        batch_size=2000,
    )  # fmt: skip
    publish(by, TuitionFactsChanged(tuple(sorted({row.student_id for row in bound}))))


@dataclass(frozen=True)
class Binding:
    """How a student is bound: days inclusive (`last_on` None: as long as the tariff is valid), `price` of one's own."""

    starts_on: date
    last_on: date | None = None
    group_id: int | None = None
    price: int | None = None
    is_separate: bool = False
    extended_by_suspensions: bool = True
    note: str = ""


@verb("tuition.price")
def bind_tariff(by: Actor, *, student_id: int, tariff_id: int, binding: Binding) -> Subscription:
    """Binds a student to a tariff; from the first day on it prices the lessons that it fits.

    The same again, such as a form sent twice, is refused: it would charge twice.
    """
    rows = Student.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("branch")
    student: Student = rows.one(pk=student_id)
    tariff: Tariff = Tariff.objects.visible_to(by).prefetch_related("prices").one(pk=tariff_id)
    is_offered = not tariff.branches or student.branch_id in tariff.branches
    if tariff.is_archived or tariff.currency != student.branch.currency or not is_offered:
        raise NotOfferedHere
    if binding.group_id is not None:
        Group.objects.visible_to(by).one(pk=binding.group_id)
    elif tariff.plan in BY_GROUP:
        raise NeedsGroup
    agreed = _agreed(student, tariff, binding)
    if same := _same_at_once(by, Subscription(**agreed)):
        raise BoundAlready(first=same.starts_on)
    row = add(by, Subscription, **agreed)
    PriceStep.objects.bulk_create(_steps(row, tariff, binding.price))
    if binding.is_separate:
        ledger.open_separate_account(by.trusted(), student=student, subscription_id=row.pk)
    publish(by, TuitionFactsChanged((student_id,)))
    return row


@verb("tuition.price")
def unbind_tariff(by: Actor, *, subscription_id: int) -> Subscription:
    """Takes a binding back as if it had never been: all it charged is reversed; to end it, set its last day.

    The lessons that it was chosen for are left to the rules again. Where money was recorded on its own account it
    stays, because payments tell what they were for.
    """
    row = _locked(by, subscription_id)
    if row.tariff_id is None:
        raise CameWithActivation
    # Nobody pays into its account from here on.
    ledger.hold_accounts(by.trusted(), student_ids=[row.student_id])
    if row.is_separate and _has_own_money(by, row):
        raise MoneyKeptApart
    note(by, row, was={"starts_on": row.starts_on, "note": row.note}, now={"starts_on": None, "note": None})
    Subscription.objects.visible_to(by).filter(pk=subscription_id).delete()
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


@verb("tuition.price")
def end_subscription(by: Actor, *, subscription_id: int, last_on: date | None) -> Subscription:
    """Sets the last day of a subscription (None: without end); charges of later days are taken back."""
    row = _locked(by, subscription_id)
    if last_on is not None and last_on < row.starts_on:
        raise BoundEndsBeforeStart
    ends_on = None if last_on is None else last_on + timedelta(days=1)
    goes_on = row.ends_on is not None and (ends_on is None or ends_on > row.ends_on)
    asked = copy(row)
    asked.ends_on = ends_on
    if goes_on and row.tariff_id is not None and (same := _same_at_once(by, asked)):
        raise BoundAgain(first=same.starts_on)
    change(by, row, ends_on=ends_on)
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


@verb("tuition.price")
def set_own_price(by: Actor, *, subscription_id: int, price: int, from_on: date) -> Subscription:
    """A price of the student's own from a day on; what others pay, from now or later on, no longer changes it."""
    row = _locked(by, subscription_id)
    check_price(price, row.student.branch.currency)
    first = max(from_on, row.starts_on)
    if not row.has_own_price:
        # Prices of the course or tariff that were written ahead would end it.
        PriceStep.objects.visible_to(by).filter(subscription=row, from_on__gt=first).delete()
    change(by, row, has_own_price=True)
    step, _made = PriceStep.objects.visible_to(by).update_or_create(
        org_id=by.org_id, subscription=row, from_on=first, defaults={"amount": price}
    )
    note(by, row, was=None, now={"price": price, "from_on": step.from_on})
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


@verb("tuition.price")
def end_own_price(by: Actor, *, subscription_id: int, from_on: date) -> Subscription:
    """From a day on the prices of the group or its course, or of the tariff, hold again, and new ones are followed.

    They are those that somebody agrees to who begins on that day. What was charged before it stays.
    """
    _hold_source(by, subscription_id)
    row = _locked(by, subscription_id)
    if not row.has_own_price:
        raise NoOwnPrice
    prices = _prices_again(by, row, max(from_on, row.starts_on))
    change(by, row, has_own_price=False)
    (first, amount), *ahead = prices
    note(by, row, was=None, now={"price": amount, "from_on": first})
    steps = PriceStep.objects.visible_to(by).filter(subscription=row)
    steps.filter(from_on__gte=first).delete()
    before = steps.order_by("-from_on").first()
    if before is not None and before.amount == amount:
        prices = ahead
    PriceStep.objects.bulk_create(
        [PriceStep(org_id=by.org_id, subscription=row, from_on=day, amount=price) for day, price in prices]
    )
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


def _hold_source(by: Actor, subscription_id: int) -> None:
    """Locks what a subscription is of, in the order of those who change its price, so that no new one is missed."""
    row: Subscription = Subscription.objects.visible_to(by).select_related("group").one(pk=subscription_id)
    # The group may be one of another branch.
    everywhere = replace(by, branch_ids=None)
    if row.tariff_id is not None:
        Tariff.objects.visible_to(everywhere).select_for_update(no_key=True).one(pk=row.tariff_id)
    elif row.group is not None:
        Course.objects.visible_to(everywhere).select_for_update(no_key=True).one(pk=row.group.course_id)
        hold_groups(everywhere, [row.group.pk])


def _prices_again(by: Actor, row: Subscription, on: date) -> list[tuple[date, int]]:
    """What a subscription without a price of its own costs from a day on, by what it is of now."""
    source = row.tariff or row.group
    if source is None:
        raise FollowsNothing
    if any(getattr(row, name) != value for name, value in terms_of(source).items()):
        raise ChargedOtherwiseNow
    prices = tariff_prices_from(source, on) if isinstance(source, Tariff) else prices_from(by, source, on)
    if not prices:
        raise PriceMissing
    return prices


def _locked(by: Actor, subscription_id: int) -> Subscription:
    rows = Subscription.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    rows = rows.filter(student__in=Student.objects.visible_to(by))
    row: Subscription = rows.select_related("student__branch", "tariff", "group__course").one(pk=subscription_id)
    return row


def _has_own_money(by: Actor, row: Subscription) -> bool:
    """Whether anything but charges ever moved on its account, also where that was taken back."""
    return any(moved.subscription_id == row.pk for moved in money_moved(by.trusted(), [row.student_id]))


def _agreed(student: Student, tariff: Tariff, binding: Binding) -> dict[str, Any]:
    return {
        "student": student, "tariff": tariff, "group_id": binding.group_id, "plan": tariff.plan,
        "lessons_count": tariff.lessons_count, "module_lessons": tariff.module_lessons, "months": tariff.months,
        "subjects": tariff.subjects, "lesson_types": tariff.lesson_types, "starts_on": binding.starts_on,
        "ends_on": _end(binding, tariff), "is_separate": binding.is_separate,
        "has_own_price": binding.price is not None,
        "extended_by_suspensions": binding.extended_by_suspensions, "note": binding.note.strip(),
    }  # fmt: skip


def _same_at_once(by: Actor, row: Subscription) -> Subscription | None:
    """The first other binding to the same tariff, for the same lessons and from the same account, that holds with it.

    Each lasts as long as pauses make it. Subscriptions that differ may hold at once: the rules choose which pays (D6).
    """
    rows = Subscription.objects.visible_to(by).filter(
        student=row.student, tariff=row.tariff, group_id=row.group_id, is_separate=row.is_separate,
        subjects=row.subjects, lesson_types=row.lesson_types,
    ).exclude(pk=row.pk)  # fmt: skip
    ends_on = ends_of(by.trusted(), [row])[row.pk]
    later = running(by.trusted(), rows.order_by("starts_on"), row.starts_on)
    return next((each for each in later if ends_on is None or each.starts_on < ends_on), None)


def _steps(row: Subscription, tariff: Tariff, own: int | None) -> list[PriceStep]:
    """The prices agreed with a student: one's own, or those of the tariff that are known by now."""
    if own is not None:
        check_price(own, tariff.currency)
        return [PriceStep(org_id=row.org_id, subscription=row, from_on=row.starts_on, amount=own)]
    return [
        PriceStep(org_id=row.org_id, subscription=row, from_on=step.from_on, amount=step.amount)
        for step in tariff.prices.all()
    ]


def _end(binding: Binding, tariff: Tariff) -> date | None:
    if binding.last_on is not None:
        if binding.last_on < binding.starts_on:
            raise BoundEndsBeforeStart
        return binding.last_on + timedelta(days=1)
    return None if tariff.valid_days is None else binding.starts_on + timedelta(days=tariff.valid_days)


def _values(terms: TariffTerms) -> dict[str, object]:
    listed = {name: list(getattr(terms, name)) for name in ("subjects", "lesson_types", "branches")}
    return asdict(terms) | listed | {"plan": terms.plan.value}


def _check_terms(by: Actor, terms: TariffTerms) -> None:
    check_counts(terms.plan, terms.lessons_count, terms.module_lessons, terms.months)
    check_lesson_types(by, terms.lesson_types)
    for branch_id in terms.branches:
        branch: Branch = Branch.objects.visible_to(by).one(pk=branch_id)
        # No student of it could be bound: a tariff is offered where its currency is.
        if branch.currency != terms.currency:
            raise TariffInOtherCurrency(branch=branch.name)


def check_price(price: int, currency: str) -> None:
    """Refuses a price below zero, and one that is a slip of the hand."""
    if not 0 <= price < LARGEST_MAJOR * 10 ** exponent(currency):
        raise PriceOutOfRange
