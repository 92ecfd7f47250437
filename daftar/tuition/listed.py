"""Prices of courses and groups from a day on: what a student who is activated on a day agrees to (decision D11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from daftar.courses.models import Course, Group
from daftar.orgs.access import Actor, change, note, question, verb
from daftar.tuition.ends import running
from daftar.tuition.models import ListPrice, Subscription, Tariff

if TYPE_CHECKING:
    from collections.abc import Sequence

# The day of the first price, whenever that was.
BEGINNING = date(2000, 1, 1)


@dataclass(frozen=True)
class Step:
    """A price from a day on (None: since there is one); of a group none is `as its course`."""

    from_on: date | None
    amount: int | None
    bound_follow: bool
    is_ahead: bool
    is_now: bool


@question("tuition.view")
def price_steps(by: Actor, target: Course | Group) -> list[Step]:
    """The prices of a course or group, the newest first."""
    rows = list(ListPrice.objects.visible_to(by).filter(**_of(target)).order_by("-from_on"))
    now = next((row.pk for row in rows if row.from_on <= by.today), None)
    return [
        Step(
            None if row.from_on == BEGINNING else row.from_on, row.amount, row.bound_follow,
            is_ahead=row.from_on > by.today, is_now=row.pk == now,
        )
        for row in rows
    ]  # fmt: skip


@question("tuition.view")
def followers(by: Actor, target: Course | Group) -> list[int]:
    """Students who pay the price of the course or group and have none of their own, in order of their ids."""
    here = {"group": target} if isinstance(target, Group) else {"group__course": target, "group__price": None}
    rows = Subscription.objects.visible_to(by).filter(tariff=None, has_own_price=False, **here)
    return _students(by, rows)


@question("tuition.view")
def tariff_followers(by: Actor, tariff_id: int) -> list[int]:
    """Students who are bound to a tariff and have no price of their own, in order of their ids."""
    rows = Subscription.objects.visible_to(by).filter(tariff_id=tariff_id, has_own_price=False)
    return _students(by, rows)


def _students(by: Actor, rows: Any) -> list[int]:
    """Whose subscriptions these are, of those that have not ended by today."""
    columns = ("student_id", "group_id", "starts_on", "ends_on", "extended_by_suspensions")
    return sorted({row.student_id for row in running(by, rows.only("pk", *columns), by.today)})


@question("tuition.view")
def tariff_steps(by: Actor, tariff: Tariff) -> list[Step]:
    """The prices of a tariff, the newest first."""
    rows = sorted(tariff.prices.all(), key=lambda row: row.from_on, reverse=True)
    now = next((row.pk for row in rows if row.from_on <= by.today), None)
    return [
        Step(row.from_on, row.amount, bound_follow=False, is_ahead=row.from_on > by.today, is_now=row.pk == now)
        for row in rows
    ]


def prices_from(by: Actor, group: Group, on: date) -> list[tuple[date, int]]:
    """What someone agrees to who is activated on a day: the price of that day, and later ones that all follow.

    Empty where neither the group nor its course has a price.
    """
    wanted = Q(group=group) | Q(course_id=group.course_id)
    rows = list(ListPrice.objects.visible_to(by).filter(wanted).order_by("from_on"))
    own, common = [row for row in rows if row.group_id], [row for row in rows if row.course_id]

    def price(day: date) -> int | None:
        mine = _on(own, day, group.price)
        return _on(common, day, group.course.price) if mine is None else mine

    first = price(on)
    if first is None:
        return []
    found = [(on, first)]
    for day in sorted({row.from_on for row in rows if row.from_on > on and row.bound_follow}):
        amount = price(day)
        if amount is not None and amount != found[-1][1]:
            found.append((day, amount))
    return found


def tariff_prices_from(tariff: Tariff, on: date) -> list[tuple[date, int]]:
    """What someone agrees to who is bound to a tariff on a day: the price of that day, and those written ahead."""
    rows = sorted(tariff.prices.all(), key=lambda row: row.from_on)
    now = next((row for row in reversed(rows) if row.from_on <= on), rows[0])
    return [(on, now.amount), *((row.from_on, row.amount) for row in rows if row.from_on > max(on, now.from_on))]


def terms_of(source: Group | Tariff) -> dict[str, Any]:
    """The way of charging of a tariff, or a group's own or else its course's, as a subscription has it."""
    rule: Any = source.course if isinstance(source, Group) and not source.plan else source
    return {
        "plan": rule.plan, "lessons_count": rule.lessons_count or 1, "module_lessons": rule.module_lessons,
        "months": rule.months,
    }  # fmt: skip


def next_day(by: Actor, listed: Q, after: date) -> date | None:
    """The next day after one on which some of these prices changes; None where none does."""
    rows = ListPrice.objects.visible_to(by).filter(listed, from_on__gt=after).order_by("from_on")
    found: date | None = rows.values_list("from_on", flat=True).first()
    return found


def write_step(by: Actor, target: Any, price: int | None, from_on: date, *, bound_follow: bool) -> None:
    """Puts a step on the list, the first time with the price before it; what holds by now shows on the target."""
    rows = ListPrice.objects.visible_to(by).filter(**_of(target))
    if not rows.exists() and (target.price is not None or isinstance(target, Group)):
        ListPrice.objects.create(org_id=by.org_id, from_on=BEGINNING, amount=target.price, **_of(target))
    ListPrice.objects.visible_to(by).update_or_create(
        org_id=by.org_id, from_on=from_on, **_of(target), defaults={"amount": price, "bound_follow": bound_follow}
    )
    note(by, target, was=None, now={"price": price, "from_on": from_on, "bound_follow": bound_follow})
    _show(by, target)


@verb("tuition.manage")
def begin_prices(by: Actor) -> None:
    """Shows on courses and groups the prices whose day has come; done again it changes nothing."""
    begun = ListPrice.objects.visible_to(by).filter(from_on__lte=by.today, from_on__gt=BEGINNING)
    for model, name in ((Course, "course_id"), (Group, "group_id")):
        ids = begun.values(name)
        for target in model.objects.visible_to(by).select_for_update(of=("self",), no_key=True).filter(pk__in=ids):
            _show(by, target)


def _show(by: Actor, target: Any) -> None:
    rows = ListPrice.objects.visible_to(by).filter(from_on__lte=by.today, **_of(target))
    last = rows.order_by("-from_on").first()
    if last is not None:
        change(by, target, price=last.amount)


def _of(target: Course | Group) -> dict[str, Any]:
    return {"group_id": target.pk} if isinstance(target, Group) else {"course_id": target.pk}


def _on(rows: Sequence[ListPrice], day: date, unlisted: int | None) -> int | None:
    """The step in force on a day, before the first one the first; without a list the price as it stands."""
    if not rows:
        return unlisted
    amount: int | None = next((row for row in reversed(rows) if row.from_on <= day), rows[0]).amount
    return amount
