"""Values of the domain in the reader's words: schedules, charges, and why a charge is what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from daftar.attendance.rules import passes, word_of
from daftar.courses.plans import PLAN_LABELS
from daftar.courses.rules import Pattern, PlanKind, pattern_of
from daftar.finance.models import PaymentKind
from daftar.lib.money import Money
from daftar.lib.phone import without_contacts
from daftar.office import formats
from daftar.tuition.rules import WhyLine, from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import time
    from decimal import Decimal

    from daftar.attendance.rules import Measure
    from daftar.courses.queries import WeeklySchedule
    from daftar.courses.topics import Offer
    from daftar.orgs.access import Actor

PATTERNS: dict[Pattern, Any] = {
    Pattern.ODD: pgettext_lazy("days", "odd days"),
    Pattern.EVEN: pgettext_lazy("days", "even days"),
    Pattern.WEEKEND: pgettext_lazy("days", "weekend"),
    Pattern.EVERY_DAY: pgettext_lazy("days", "every day"),
}
PAYMENT_KINDS = {kind: kind.label for kind in PaymentKind}
WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"), pgettext_lazy("weekday", "Tue"), pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"), pgettext_lazy("weekday", "Fri"), pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)  # fmt: skip


def readable(by: Actor, text: str) -> str:
    """A free text, without the phones and e-mails in it for those who may not see contacts."""
    return text if by.may("people.see_contacts") else without_contacts(text)


@dataclass(frozen=True)
class Said:
    """One line of an explanation."""

    label: str
    text: str


def days_text(weekdays: Iterable[int]) -> str:
    """ISO weekdays by their short names, as "Tue, Thu"."""
    return ", ".join(str(WEEKDAYS[day - 1]) for day in weekdays)


def schedule_text(schedule: WeeklySchedule) -> str:
    """`odd days 14:00`, `Mon, Sat 9:00 + Tue 16:00` with regular lessons beside them, or that there is none yet."""
    beside = _times(schedule.extra)
    if not schedule.weekdays or schedule.starts_time is None:
        return beside or _("no schedule yet")
    return " + ".join(each for each in (_days_of(schedule, schedule.starts_time), beside) if each)


def _days_of(schedule: WeeklySchedule, first_time: time) -> str:
    if schedule.other_times:
        first = [day for day in schedule.weekdays if day not in dict(schedule.other_times)]
        return _times(sorted([(day, first_time) for day in first] + list(schedule.other_times)))
    pattern = pattern_of(schedule.weekdays)
    days = PATTERNS.get(pattern) or days_text(schedule.weekdays)
    return f"{days} {formats.clock(first_time)}"


def _times(when: Iterable[tuple[int, time]]) -> str:
    return ", ".join(f"{WEEKDAYS[day - 1]} {formats.clock(at)}" for day, at in when)


def plan_text(
    plan: str, lessons_count: int | None, module_lessons: int | None = None, months: int | None = None
) -> str:
    """A way of charging with its size."""
    if plan == PlanKind.PER_LESSON and (lessons_count or 1) > 1:
        count = lessons_count or 1
        return ngettext("per %(num)s lesson", "per %(num)s lessons", count) % {"num": count}
    if plan == PlanKind.MODULE and module_lessons:
        text = ngettext("per module of %(num)s lesson", "per module of %(num)s lessons", module_lessons)
        return text % {"num": module_lessons}
    if plan == PlanKind.WHOLE_COURSE and months:
        text = ngettext("whole course at once: %(num)s month", "whole course at once: %(num)s months", months)
        return text % {"num": months}
    return str(PLAN_LABELS[PlanKind(plan)])


def charged_as(row: Any) -> str:
    """How what has a plan and its sizes is charged: a course, tariff or subscription."""
    return plan_text(row.plan, row.lessons_count, row.module_lessons, row.months)


def payment_text(kind: str, number: int | None) -> str:
    """What a payment is, with the number of its receipt where it has one."""
    said = {
        "income": _("Payment, receipt No %(number)s"), "refund": _("Refund, receipt No %(number)s"),
        "sale": _("Sale, receipt No %(number)s"),
    }  # fmt: skip
    if number is None or kind not in said:
        return str(PAYMENT_KINDS[PaymentKind(kind)])
    return said[kind] % {"number": number}


def charge_text(why: Any) -> str:
    """What a charge is for, in a few words: its month or other period, or its lesson; or that it is a credit."""
    for line in from_json(why or []):
        if line.code == "credit":
            return _("Credit")
        if line.code in _PERIODS:
            return _("Tuition, %(month)s") % {"month": _PERIODS[line.code](line.values)}
    return _("Lesson")


def _span(values: Any) -> str:
    if "month" in values:
        return str(formats.month(date.fromisoformat(f"{values['month']}-01")))
    return f"{_day(values['first'])} – {_day(values['last'])}"


_PERIODS: dict[str, Callable[[Any], str]] = {
    "lessons_counted": _span,
    "module": lambda values: _days(values["dates"]),
    "whole_course": lambda values: _day(values["on"]),
}


def why_text(why: Any, currency: str) -> list[Said]:
    """Why a charge is what it is, line by line; codes that say nothing to people are left out."""
    said = [_SAYS[line.code](line, currency) for line in from_json(why or []) if line.code in _SAYS]
    return [line for line in said if line is not None]


def _money(amount: Any, currency: str) -> str:
    return str(formats.money_text(Money(int(amount), currency)))


def _day(text: Any) -> str:
    return str(formats.day(date.fromisoformat(str(text))))


def _days(texts: Any) -> str:
    return _days_in(formats.language(), tuple(texts))


@lru_cache(maxsize=4096)
def _days_in(_spoken: str, texts: tuple[str, ...]) -> str:
    """The days of a month are those of everybody in a group, and stand in every charge."""
    return ", ".join(str(formats.day_month(date.fromisoformat(text))) for text in texts)


def _subscription(line: WhyLine, _currency: str) -> Said:
    values = {"plan": PLAN_LABELS[PlanKind(str(line.values["plan"]))], "day": _day(line.values["starts_on"])}
    return Said(_("Subscription"), _("%(plan)s, from %(day)s") % values)


def _picked(line: WhyLine, _currency: str) -> Said | None:
    reasons = {
        "bound_to_group": _("it is for this group"),
        "later_start": _("it is the newest"),
        "higher_id": _("it was added last"),
        "by_hand": _("it was picked by hand"),
        "has_money": _("its own account has enough money"),
        "earliest_end": _("it ends first"),
        "base": _("no account of its own has enough money"),
        "base_first": _("the main account pays first"),
        "subject": _("it is for this subject"),
        "lesson_type": _("it is for this type of lesson"),
    }
    reason = reasons.get(str(line.values["rule"]))
    return None if reason is None else Said(_("Chosen because"), reason)


def _price(line: WhyLine, currency: str) -> Said:
    values = {"price": _money(line.values["amount"], currency), "day": _day(line.values["from_on"])}
    return Said(_("Price"), _("%(price)s, in force from %(day)s") % values)


def _discount(line: WhyLine, currency: str) -> Said:
    size, considered = line.values["size"], line.values["considered"]
    values = {
        "size": size if isinstance(size, str) else _money(size, currency),
        "sum": _money(line.values["cut"], currency),
        "num": len(considered) if isinstance(considered, list) else 1,
    }
    if values["num"] == 1:
        return Said(_("Discount"), _("%(size)s: %(sum)s off the price") % values)
    if others := line.values.get("instead_of"):
        values["others"] = ", ".join(_other_discount(each, currency) for each in cast("list[str]", others))
        if line.values.get("rule") == "oldest":
            return Said(_("Discount"), _("%(size)s: %(sum)s off the price, being the oldest; not %(others)s") % values)
        return Said(_("Discount"), _("%(size)s: %(sum)s off the price, the largest; not %(others)s") % values)
    # Charges of before know how many there were, and not which.
    if line.values.get("rule") == "oldest":
        return Said(_("Discount"), _("%(size)s: %(sum)s off the price, the oldest of %(num)s") % values)
    return Said(_("Discount"), _("%(size)s: %(sum)s off the price, the largest of %(num)s") % values)


def _other_discount(text: str, currency: str) -> str:
    """One that was not taken, with what it would have taken off."""
    size, cut = text.split(" ")
    shown = size if size.endswith("%") else _money(int(size), currency)
    return _("%(size)s (%(sum)s)") % {"size": shown, "sum": _money(int(cut), currency)}


def _counted(line: WhyLine, _currency: str) -> Said:
    dates: Any = line.values["dates"]
    if "month" not in line.values:
        return Said(_span(line.values), _days(dates))
    label = ngettext("%(num)s lesson in the month", "%(num)s lessons in the month", len(dates)) % {"num": len(dates)}
    return Said(label, _days(dates))


def _paid(line: WhyLine, _currency: str) -> Said:
    dates: Any = line.values["dates"]
    label = ngettext("%(num)s lesson charged", "%(num)s lessons charged", len(dates)) % {"num": len(dates)}
    return Said(label, _days(dates))


def _starts(line: WhyLine, _currency: str) -> Said:
    labels = {"activated": _("Active from"), "group_starts": _("The group begins on")}
    return Said(labels.get(str(line.values["rule"]), _("Subscription from")), _day(line.values["on"]))


def _ends(line: WhyLine, _currency: str) -> Said:
    label = _("The group ends on") if line.values["rule"] == "group_ends" else _("The subscription ends on")
    return Said(label, _day(line.values["on"]))


def _whole(_line: WhyLine, _currency: str) -> Said:
    return Said(_("Part"), _("the whole month"))


def _part(line: WhyLine, _currency: str) -> Said:
    return Said(_("Part"), _("%(part)s of %(of)s lessons") % {"part": line.values["part"], "of": line.values["of"]})


def _course(_line: WhyLine, _currency: str) -> Said:
    return Said(_("Part"), _("the whole course"))


def _module(line: WhyLine, _currency: str) -> Said:
    return Said(_("Module %(num)s") % {"num": line.values["number"]}, _days(line.values["dates"]))


def _paid_before(line: WhyLine, _currency: str) -> Said:
    return Said(
        _("Already paid for by the charge of %(day)s") % {"day": _day(line.values["by"])}, _days(line.values["dates"])
    )


def _not_served(line: WhyLine, _currency: str) -> Said:
    count = int(str(line.values["lessons"]))
    return Said(_("Not charged"), ngettext("%(num)s lesson", "%(num)s lessons", count) % {"num": count})


def _credit(line: WhyLine, _currency: str) -> Said:
    values = {"part": line.values["part"], "of": line.values["lessons"], "day": _day(line.values["of"])}
    return Said(_("Credit"), _("%(part)s of the %(of)s lessons charged on %(day)s did not take place") % values)


def _place(line: WhyLine, currency: str) -> Said | None:
    if line.values["of"] == 1:
        return None
    part = int(str(line.values["after"])) - int(str(line.values["before"]))
    values = {"place": line.values["place"], "of": line.values["of"], "sum": _money(part, currency)}
    return Said(_("Part"), _("lesson %(place)s of %(of)s: %(sum)s") % values)


def _rounding(line: WhyLine, currency: str) -> Said:
    values = {"step": _money(line.values["step"], currency), "sum": _money(line.values["amount"], currency)}
    return Said(_("Rounding"), _("to %(step)s, half up: %(sum)s") % values)


def _absence(_line: WhyLine, _currency: str) -> Said:
    return Said(_("Absent"), _("this absence is charged"))


def _made_up(line: WhyLine, _currency: str) -> Said:
    return Said(
        _("Makes up for a miss"),
        _("costs what the lesson of %(day)s would have cost") % {"day": _day(line.values["on"])},
    )


_SAYS: Mapping[str, Callable[[WhyLine, str], Said | None]] = {
    "subscription": _subscription,
    "picked_because": _picked,
    "price": _price,
    "absence_charged": _absence,
    "made_up": _made_up,
    "bundle_place": _place,
    "spread_place": _place,
    "discount": _discount,
    "module": _module,
    "whole_course": _course,
    "paid_before": _paid_before,
    "not_served": _not_served,
    "credit": _credit,
    "lessons_counted": _counted,
    "lessons_paid": _paid,
    "starts_because": _starts,
    "ends_because": _ends,
    "whole_month": _whole,
    "prorated": _part,
    "rounding": _rounding,
}


def promise_days(today: date) -> list[tuple[str, date]]:
    """The days that people promise, each one press away; those without a name of their own are shown as a weekday."""
    names = {0: _("Today"), 1: _("Tomorrow")}
    return [(names.get(ahead, ""), today + timedelta(days=ahead)) for ahead in range(7)]


def topic_choices(offer: Offer) -> list[tuple[int, str]]:
    """The topics of a plan as a lesson is offered them: numbered, those that its group had already marked."""
    return [
        (row.pk, f"{'–' if row.place is None else f'{row.place}.'} {row.title}{' ✓' if row.pk in offer.taught else ''}")
        for row in offer.topics
    ]


EXAM_STATES = {
    "passed": pgettext_lazy("exam", "Passed"), "failed": pgettext_lazy("exam", "Not passed"),
    "absent": pgettext_lazy("exam", "Absent"), "": pgettext_lazy("exam", "No result"),
}  # fmt: skip


def exam_state(score: Decimal | None, pass_mark: Decimal, *, is_absent: bool) -> str:
    """How an exam went for somebody, as a key of `EXAM_STATES`."""
    if score is None:
        return "absent" if is_absent else ""
    return "passed" if passes(score, pass_mark) else "failed"


def score_text(score: Decimal, measure: Measure) -> str:
    """A score as its scale says it: a number, or the word for it."""
    return word_of(score, measure) if measure.words else formats.score(score)


def scale_text(measure: Measure) -> str:
    """What the scores of a scale may be."""
    if measure.words:
        return ", ".join(measure.words)
    values = {name: formats.score(getattr(measure, name)) for name in ("lowest", "highest", "step")}
    text = _("%(lowest)s to %(highest)s") if measure.step == 1 else _("%(lowest)s to %(highest)s by %(step)s")
    return text % values


def score_wrong(code: str, measure: Measure) -> str:
    """Why something is no score of a scale."""
    if code == "no_word":
        return _("Write one of these: %(words)s.") % {"words": ", ".join(measure.words)}
    if code == "no_number":
        return _("This is not a number.")
    return _("The scale goes from %(scale)s.") % {"scale": scale_text(measure)}
