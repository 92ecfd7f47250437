"""A written down situation becomes the facts that the rules decide on."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from daftar.courses.rules import PlanKind, lesson_dates
from daftar.lib.money import exponent
from daftar.orgs.rules import ANSWERS, usual
from daftar.tuition.quote.reading import MOST_DECIMALS, ids
from daftar.tuition.rules import (
    AttendanceFact,
    DeclinedCredit,
    DiscountFact,
    DiscountPer,
    EnrolmentFact,
    GivenCredit,
    GroupFact,
    HolidayFact,
    LessonFact,
    LessonStatus,
    PaymentFact,
    PriceStep,
    StudentFacts,
    SubscriptionFact,
    SuspensionFact,
)
from daftar.tuition.rules.decisions import Decisions, decided

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daftar.tuition.quote.reading import Record

BASE = "base"
_GROUP = "group"
_UNIT = 10**MOST_DECIMALS
_LAST_UNTIL = date(2900, 12, 31)
_NEEDS = {
    PlanKind.PER_LESSON: ("lessons_count",),
    PlanKind.GROUP_MONTH: ("group",),
    PlanKind.MODULE: ("group", "module_lessons"),
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """How amounts are kept, in whole numbers of the finest that can be written, and shown: with `decimals` at least.

    What has more than these is shown with those of the currency's minor unit, or more.
    """

    decimals: int
    usual: int

    def read(self, record: Record, name: str) -> int:
        return _scaled(record.decimal(name))

    def read_price(self, record: Record, name: str) -> int:
        """Not below zero; it may be finer than the step, which only rounds what is charged."""
        amount = self.read(record, name)
        if amount < 0:
            raise record.wrong(name, "must not be below zero")
        return amount

    def written(self, amount: int) -> str:
        whole, rest = divmod(abs(amount), _UNIT)
        digits = f"{rest:0{MOST_DECIMALS}}".rstrip("0")
        places = self.decimals if len(digits) <= self.decimals else self.usual
        fraction = digits.ljust(places, "0")
        return f"{'-' if amount < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts, the day, and what their whole numbers are called in the file."""

    facts: StudentFacts
    until: date
    amounts: Amounts
    names: Mapping[str, Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """The file with what its parts refer to: ranks of ids, by kind."""

    file: Record
    amounts: Amounts
    ranks: Mapping[str, Mapping[str, int]]

    def known(self, record: Record, name: str, kind: str) -> str:
        """The id of something that is described in the file."""
        value = record.text(name)
        if value not in self.ranks[kind]:
            raise record.wrong(name, f"{value} is not among the {kind}")
        return value

    def reference(self, record: Record, name: str, kind: str) -> int | None:
        return None if record.value.get(name) is None else self.ranks[kind][self.known(record, name, kind)]


def situation(file: Record) -> Situation:
    """The facts of a file; WrongFile for everything that is not understood or cannot be (pricing rule 9.38)."""
    file.only(*_KEYS)
    currency, step, amounts = _money(file)
    until = file.day("until")
    if until > _LAST_UNTIL:
        raise file.wrong("until", f"must not lie after {_LAST_UNTIL}")
    settings = file.record("settings", "activation_day_counts", "money_discount_per", "holiday", *_DECIDED)
    groups = file.records("groups", "id", "starts", "ends", "weekdays")
    subscriptions = file.records("subscriptions", *_SUBSCRIPTION_KEYS)
    lessons = file.records("lessons", *_LESSON_KEYS)
    discounts = file.records("discounts", *_DISCOUNT_KEYS)
    kinds = {"groups": groups, "subscriptions": subscriptions, "discounts": discounts, "lessons": lessons}
    reader = _Reader(file, amounts, {kind: ids(records) for kind, records in kinds.items()})
    holidays, bound = _holidays(file, settings), tuple(_subscription(reader, record) for record in subscriptions)
    meeting = _groups(reader, groups, {record.optional_text("group") for record in lessons})
    made = _made(meeting, until, _looked_at(until, bound), frozenset(day.on for day in holidays))
    taught, decided_on = _lessons(reader, lessons, made), _credits(reader)
    facts = StudentFacts(
        currency=currency,
        step=step,
        activation_day_counts=settings.flag("activation_day_counts", default=True),
        groups=tuple(meeting.values()),
        enrolments=_enrolments(reader, meeting),
        subscriptions=bound,
        lessons=tuple(taught.values()),
        attendances=_marks(reader, lessons, taught),
        discounts=tuple(_discount(reader, record) for record in discounts),
        suspensions=tuple(
            _suspension(reader, record) for record in file.records("suspensions", "from", "to", "group", "extends")
        ),
        holidays=holidays,
        payments=_payments(reader, bound),
        picks=_picks(reader, lessons, taught),
        declined=frozenset(DeclinedCredit(*credit) for credit, given in decided_on if not given),
        given=frozenset(GivenCredit(*credit) for credit, given in decided_on if given),
        money_discount_per=DiscountPer(settings.choice("money_discount_per", list(DiscountPer), "subscription")),
        decisions=_decisions(settings),
    )
    numbered = {**reader.ranks, "lessons": {name: lesson.id for name, lesson in taught.items()}}
    names = {kind: {rank: name for name, rank in ranks.items()} for kind, ranks in numbered.items()}
    return Situation(facts, until, amounts, names)


_KEYS = (
    "currency", "step", "until", "settings", "groups", "enrolments", "subscriptions", "lessons", "reasons", "holidays",
    "discounts", "suspensions", "payments", "credits",
)  # fmt: skip
_SUBSCRIPTION_KEYS = (
    "id", "plan", "group", "price", "lessons_count", "module_lessons", "months", "from", "to", "subjects",
    "lesson_types", "account", "extended_by_suspensions",
)  # fmt: skip
_LESSON_KEYS = (
    "id", "date", "time", "group", "type", "subject", "status", "moved_from", "present", "reason", "paid_by",
)  # fmt: skip
_DISCOUNT_KEYS = ("id", "kind", "amount", "per", "from", "to", "subjects", "lesson_types")


_DECIDED = tuple(field.name for field in fields(Decisions))


def _decisions(settings: Record) -> Decisions:
    """What is decided of D5 to D14; what is not is as usual."""
    return decided(lambda name: settings.choice(name, list(ANSWERS[name]), usual(name)))


def _money(file: Record) -> tuple[str, int, Amounts]:
    currency = file.text("currency")
    if len(currency) != 3 or not (currency.isascii() and currency.isupper()):  # noqa: PLR2004 - ISO 4217
        raise file.wrong("currency", "must be a code like UZS")
    usual = Decimal(1) if currency == "UZS" else Decimal("0.01")
    step = file.decimal("step") if file.value.get("step") is not None else usual
    if step <= 0:
        raise file.wrong("step", "must be above zero")
    decimals = -int(step.as_tuple().exponent)
    return currency, _scaled(step), Amounts(decimals, exponent(currency))


def _scaled(amount: Decimal) -> int:
    """Exact, however many digits."""
    return int(Fraction(amount) * _UNIT)


def _holidays(file: Record, settings: Record) -> tuple[HolidayFact, ...]:
    usual = settings.choice("holiday", ("count", "credit"), "count")
    found: dict[date, HolidayFact] = {}
    for record in file.records("holidays", "date", "affects_payment", "holiday"):
        on, treated = record.day("date"), record.choice("holiday", ("count", "credit"), usual)
        if on in found:
            raise record.wrong("date", f"{on} is there twice")
        affects = record.flag("affects_payment")
        found[on] = HolidayFact(on=on, affects_payment=affects, credited=affects and treated == "credit")
    return tuple(found.values())


def _groups(reader: _Reader, records: list[Record], listed: set[str | None]) -> dict[str, GroupFact]:
    """By name; what is `listed` for a group is complete, so it has no pattern beside (pricing rule 9.8)."""
    found = {}
    for record in records:
        name, starts_on, weekdays = record.text("id"), record.day("starts"), record.weekdays("weekdays")
        found[name] = GroupFact(
            id=reader.ranks["groups"][name], starts_on=starts_on, ends_on=record.ends("ends", starts_on),
            weekdays=frozenset() if name in listed else weekdays, lesson_type=_GROUP,
        )  # fmt: skip
    return found


def _enrolments(reader: _Reader, groups: Mapping[str, GroupFact]) -> tuple[EnrolmentFact, ...]:
    found: list[tuple[EnrolmentFact, Record]] = []
    for record in reader.file.records("enrolments", "group", "joined", "activated", "entered", "left"):
        group = groups[reader.known(record, "group", "groups")]
        joined, activated = record.day("joined"), record.optional_day("activated")
        for name, day in (("joined", joined), ("activated", activated)):
            if day is not None and not group.lives_on(day):
                raise record.wrong(name, f"{day} lies outside the group's life")
        if activated is not None and activated < joined:
            raise record.wrong("activated", f"lies before {joined}, the day of joining")
        left = record.ends("left", max(joined, activated or joined))
        fact = EnrolmentFact(
            group_id=group.id, joined_on=joined, activated_on=activated, ends_on=left,
            entered_on=record.optional_day("entered"),
        )  # fmt: skip
        found.append((fact, record))
    _check_apart(found)
    return tuple(fact for fact, _record in found)


def _check_apart(enrolments: list[tuple[EnrolmentFact, Record]]) -> None:
    ordered = sorted(enrolments, key=lambda pair: (pair[0].group_id, pair[0].joined_on))
    for (earlier, _record), (later, record) in pairwise(ordered):
        if later.group_id == earlier.group_id and earlier.holds(later.joined_on):
            raise record.wrong("joined", "overlaps another enrolment of this group")


def _subscription(reader: _Reader, record: Record) -> SubscriptionFact:
    plan = PlanKind(record.choice("plan", list(PlanKind)))
    for name in _NEEDS.get(plan, ()):
        if record.value.get(name) is None:
            raise record.wrong(name, f"is missing: {plan.value} needs it")
    is_separate = record.choice("account", (BASE, "separate"), BASE) != BASE
    name, starts_on = record.text("id"), record.day("from")
    if is_separate and name == BASE:
        raise record.wrong("id", "is the name of the base account")
    return SubscriptionFact(
        id=reader.ranks["subscriptions"][name], plan=plan, group_id=reader.reference(record, "group", "groups"),
        prices=_prices(reader, record), lessons_count=record.count("lessons_count") or 1,
        module_lessons=record.count("module_lessons"), months=record.count("months"), starts_on=starts_on,
        ends_on=record.ends("to", starts_on), subjects=record.texts("subjects"),
        lesson_types=record.texts("lesson_types"), is_separate=is_separate,
        extended_by_suspensions=record.flag("extended_by_suspensions", default=True),
    )  # fmt: skip


def _suspension(reader: _Reader, record: Record) -> SuspensionFact:
    return SuspensionFact(
        starts_on=record.day("from"), ends_on=record.ends("to", record.day("from")),
        extends=record.flag("extends", default=True), group_id=reader.reference(record, "group", "groups"),
    )  # fmt: skip


def _prices(reader: _Reader, record: Record) -> tuple[PriceStep, ...]:
    found: dict[date, PriceStep] = {}
    for step in record.records("price", "from", "amount"):
        from_on = step.day("from")
        if from_on in found:
            raise step.wrong("from", f"{from_on} is there twice")
        found[from_on] = PriceStep(from_on, reader.amounts.read_price(step, "amount"))
    if not found:
        raise record.wrong("price", "is missing")
    return tuple(found.values())


def _looked_at(until: date, subscriptions: tuple[SubscriptionFact, ...]) -> date:
    """The first day so far ahead that nothing asks for its lessons."""
    longest = max((each.module_lessons or 0 for each in subscriptions), default=0)
    return until + timedelta(days=500 + 14 * longest)


def _made(
    groups: Mapping[str, GroupFact], until: date, looked_at: date, days_off: frozenset[date]
) -> dict[str, LessonFact]:
    """The lessons made from weekdays, not numbered yet: conducted by now unless on a day off (pricing rule 9.1)."""
    return {
        f"{name}:{on}": LessonFact(
            id=0, group_id=group.id, on=on, type=_GROUP,
            status=LessonStatus.CONDUCTED if on <= until and on not in days_off else LessonStatus.PLANNED,
        )
        for name, group in groups.items()
        for on in lesson_dates(group.weekdays, group.starts_on, min(group.ends_on or looked_at, looked_at))
    }  # fmt: skip


def _lessons(reader: _Reader, records: list[Record], made: Mapping[str, LessonFact]) -> dict[str, LessonFact]:
    """All lessons by their ids, numbered in the order of these as text."""
    found = dict(made)
    for record in records:
        name = record.text("id")
        if name in made:
            raise record.wrong("id", "is the id of a lesson made from the weekdays of a group")
        status = record.choice("status", list(LessonStatus), "conducted")
        found[name] = LessonFact(
            id=0, group_id=reader.reference(record, "group", "groups"), on=record.day("date"),
            at=record.optional_time("time"), status=LessonStatus(status), type=record.optional_text("type") or _GROUP,
            subject=record.optional_text("subject"), moved_from=record.optional_day("moved_from"),
        )  # fmt: skip
    return {name: replace(found[name], id=rank) for rank, name in enumerate(sorted(found), start=1)}


def _marks(reader: _Reader, records: list[Record], lessons: Mapping[str, LessonFact]) -> tuple[AttendanceFact, ...]:
    """Made lessons are attended; a miss without a reason is unexcused (decision D3)."""
    charges = {"excused": False, "unexcused": True}
    for name, reason in reader.file.entries("reasons"):
        charges[name] = reason.only("charges").flag("charges", default=charges.get(name, True))
    marks = {name: AttendanceFact(lesson_id=lesson.id, present=True) for name, lesson in lessons.items()}
    for record in records:
        name, reason_name = record.text("id"), record.optional_text("reason") or "unexcused"
        if reason_name not in charges:
            raise record.wrong("reason", f"{reason_name} is not among the reasons")
        present, charged = record.flag("present", default=True), charges[reason_name]
        marks[name] = AttendanceFact(lesson_id=lessons[name].id, present=present, charges_absence=charged)
    return tuple(marks.values())


def _credits(reader: _Reader) -> list[tuple[tuple[int, str, date], bool]]:
    """What a person decided on single credits otherwise than the centre does (decision D8)."""
    return [
        (
            (
                reader.ranks["subscriptions"][reader.known(record, "subscription", "subscriptions")],
                record.text("key"), record.day("date"),
            ),
            record.flag("given"),
        )
        for record in reader.file.records("credits", "subscription", "key", "date", "given")
    ]  # fmt: skip


def _picks(reader: _Reader, lessons: list[Record], taught: Mapping[str, LessonFact]) -> dict[int, int]:
    """The subscriptions picked by hand, by lesson (decision D6)."""
    picked = {record.text("id"): reader.reference(record, "paid_by", "subscriptions") for record in lessons}
    return {taught[name].id: subscription for name, subscription in picked.items() if subscription is not None}


def _discount(reader: _Reader, record: Record) -> DiscountFact:
    is_percent = record.choice("kind", ("percent", "money")) == "percent"
    percent = record.decimal("amount") if is_percent else None
    if percent is not None and not 0 <= percent <= 100:  # noqa: PLR2004 - percent
        raise record.wrong("amount", "must be from 0 to 100 percent")
    starts_on = record.optional_day("from")
    per = record.choice("per", [*DiscountPer, "default"], "default")
    return DiscountFact(
        id=reader.ranks["discounts"][record.text("id")], percent=percent,
        amount=0 if is_percent else reader.amounts.read_price(record, "amount"),
        per=None if per == "default" else DiscountPer(per), starts_on=starts_on,
        ends_on=record.ends("to", starts_on), subjects=record.texts("subjects"),
        lesson_types=record.texts("lesson_types"),
    )  # fmt: skip


def _payments(reader: _Reader, subscriptions: tuple[SubscriptionFact, ...]) -> tuple[PaymentFact, ...]:
    separate = {each.id for each in subscriptions if each.is_separate}
    found = []
    for record in reader.file.records("payments", "date", "amount", "account"):
        account = record.optional_text("account") or BASE
        number = None if account == BASE else reader.ranks["subscriptions"].get(account, 0)
        if number is not None and number not in separate:
            raise record.wrong("account", f"{account} is no separate account")
        amount = reader.amounts.read(record, "amount")
        found.append(PaymentFact(on=record.day("date"), amount=amount, subscription_id=number))
    return tuple(found)
