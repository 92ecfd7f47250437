"""A situation as section 8 of the specification writes it, read into plain values; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

PERIOD_PLANS = ("calendar_month", "group_month", "student_month", "module", "whole_course")
LESSON_PLANS = ("per_lesson", "month_spread", "week_spread", "daily")
# D3: what the two reasons that are always there say, unless the file says otherwise.
# Section 4: the decisions that a file's settings may turn, each with what holds where nothing is said, and the other.
SWITCHES = {
    "several_discounts": ("best", "oldest"),  # D5
    "account_first": ("separate", "base"),  # D6
    "unserved_lessons": ("credited", "kept"),  # D8
    "cancelled_lessons": ("credited", "kept"),  # D9
    "moved_lessons": ("first_day", "new_day"),  # D10
    "backdated_charges": ("every_month", "since_entry"),  # D12
    "group_edges": ("whole_month", "group_life"),  # D13
    "short_months": ("last_day", "next_first"),  # D14
}
REASONS = {"excused": {"charges": False}, "unexcused": {"charges": True}}


@dataclass(frozen=True)
class Group:
    id: str
    starts: date
    ends: date | None
    weekdays: tuple[int, ...]


@dataclass(frozen=True)
class Enrolment:
    group: str
    joined: date
    activated: date | None
    entered: date | None  # D12: the day on which the activation was written down
    left: date | None


@dataclass(frozen=True)
class Subscription:
    id: str
    plan: str
    group: str | None
    price: tuple[tuple[date, Fraction], ...]
    lessons_count: int | None
    module_lessons: int | None
    months: int | None
    starts: date
    ends: date | None
    subjects: tuple[str, ...]
    lesson_types: tuple[str, ...]
    account: str
    extended_by_suspensions: bool


@dataclass(frozen=True)
class Lesson:
    id: str
    date: date
    time: str | None
    group: str | None
    type: str | None
    subject: str | None
    status: str
    moved_from: date | None
    present: bool
    reason: str | None
    paid_by: str | None = None  # D6: the subscription picked by hand for this lesson
    makes_up_for: str | None = None  # the lesson that the student missed and makes up for in this one
    only_if_named: bool = False  # a trial of no group: for subscriptions that name its type
    missed: Lesson | None = None  # the one of `makes_up_for`
    made: bool = False
    outside_life: bool = False  # a pattern day on which the group does not exist: only ever counted

    @property
    def order(self):
        """9.1: by date, time (none first), id."""
        return (self.date, self.time or "", self.id)

    @property
    def counted_on(self) -> date:
        """9.37, D10: the day by which a month, week or cycle counts it."""
        return self.moved_from or self.date


@dataclass(frozen=True)
class Holiday:
    date: date
    effect: str  # "nothing", "count" or "credit" (D9a)


@dataclass(frozen=True)
class Discount:
    id: str
    kind: str
    amount: Fraction
    per: str
    starts: date | None
    ends: date | None
    subjects: tuple[str, ...]
    lesson_types: tuple[str, ...]


@dataclass(frozen=True)
class Suspension:
    starts: date
    ends: date | None
    group: str | None  # only of its lessons; None: of all
    extends: bool  # D7: whether it says that the subscription's end moves


@dataclass(frozen=True)
class Payment:
    date: date
    amount: Fraction
    account: str


@dataclass(frozen=True)
class Decision:
    """D8: what a person decided on one credit otherwise than the centre does."""

    subscription: str
    key: str
    date: date
    given: bool


@dataclass(frozen=True)
class Facts:
    step: Fraction
    decimals: int
    until: date
    activation_day_counts: bool
    groups: dict[str, Group]
    enrolments: tuple[Enrolment, ...]
    subscriptions: tuple[Subscription, ...]
    listed: tuple[Lesson, ...]
    charges_for_absence: dict[str, bool]
    holidays: dict[date, Holiday]
    discounts: tuple[Discount, ...]
    suspensions: tuple[Suspension, ...]
    payments: tuple[Payment, ...]
    switches: dict[str, str]
    credits: tuple[Decision, ...] = ()
    lessons: tuple[Lesson, ...] = field(default=())  # listed and made ones, in order


def day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def texts(row: dict, key: str) -> tuple[str, ...]:
    return tuple(row.get(key) or ())


def read(file: dict) -> Facts:
    """The values of a situation, with the defaults of section 4 where it is silent."""
    settings = file.get("settings") or {}
    step = file.get("step") or ("1" if file["currency"] == "UZS" else "0.01")  # 9.40
    reasons = {**REASONS, **(file.get("reasons") or {})}
    return Facts(
        step=Fraction(step),
        decimals=len(step.partition(".")[2]),  # 9.3
        until=day(file["until"]),
        activation_day_counts=settings.get("activation_day_counts", True),  # D1
        groups={row["id"]: group(row) for row in file.get("groups") or ()},
        enrolments=tuple(enrolment(row) for row in file.get("enrolments") or ()),
        subscriptions=tuple(subscription(row) for row in file.get("subscriptions") or ()),
        listed=tuple(lesson(row, settings) for row in file.get("lessons") or ()),
        charges_for_absence={name: bool(flags.get("charges")) for name, flags in reasons.items()},
        holidays={day(row["date"]): holiday(row, settings) for row in file.get("holidays") or ()},
        discounts=tuple(discount(row, settings) for row in file.get("discounts") or ()),
        suspensions=tuple(suspension(row) for row in file.get("suspensions") or ()),
        payments=tuple(payment(row) for row in file.get("payments") or ()),
        switches={name: settings.get(name) or usual for name, (usual, _other) in SWITCHES.items()},
        credits=tuple(
            Decision(row["subscription"], row["key"], day(row["date"]), row["given"])
            for row in file.get("credits") or ()
        ),
    )


def group(row: dict) -> Group:
    return Group(row["id"], day(row["starts"]), day(row.get("ends")), tuple(row.get("weekdays") or ()))


def enrolment(row: dict) -> Enrolment:
    activated, entered, left = (day(row.get(key)) for key in ("activated", "entered", "left"))
    return Enrolment(row["group"], day(row["joined"]), activated, entered, left)


def subscription(row: dict) -> Subscription:
    return Subscription(
        id=row["id"],
        plan=row["plan"],
        group=row.get("group"),
        price=tuple(sorted((day(step["from"]), Fraction(step["amount"])) for step in row["price"])),
        lessons_count=row.get("lessons_count"),
        module_lessons=row.get("module_lessons"),
        months=row.get("months"),
        starts=day(row["from"]),
        ends=day(row.get("to")),
        subjects=texts(row, "subjects"),
        lesson_types=texts(row, "lesson_types"),
        account=row["id"] if row.get("account") == "separate" else "base",  # 9.35
        extended_by_suspensions=row.get("extended_by_suspensions", True),  # D7
    )


def lesson(row: dict, settings: dict) -> Lesson:
    by_new_day = settings.get("moved_lessons") == "new_day"  # D10
    return Lesson(
        id=row["id"],
        date=day(row["date"]),
        time=row.get("time"),
        group=row.get("group"),
        type=row.get("type", "group"),
        subject=row.get("subject"),
        status=row.get("status", "conducted"),
        moved_from=None if by_new_day else day(row.get("moved_from")),
        present=row.get("present", True),
        reason=row.get("reason"),
        paid_by=row.get("paid_by"),
        makes_up_for=row.get("makes_up_for"),
        only_if_named=row.get("only_if_named", False),
    )


def holiday(row: dict, settings: dict) -> Holiday:
    how = row.get("holiday") or settings.get("holiday") or "count"  # D9a
    return Holiday(day(row["date"]), how if row.get("affects_payment") else "nothing")


def discount(row: dict, settings: dict) -> Discount:
    return Discount(
        id=row["id"],
        kind=row["kind"],
        amount=Fraction(row["amount"]),
        per=row.get("per") or settings.get("money_discount_per") or "subscription",  # D4
        starts=day(row.get("from")),
        ends=day(row.get("to")),
        subjects=texts(row, "subjects"),
        lesson_types=texts(row, "lesson_types"),
    )


def suspension(row: dict) -> Suspension:
    return Suspension(day(row["from"]), day(row.get("to")), row.get("group"), row.get("extends", True))


def payment(row: dict) -> Payment:
    return Payment(day(row["date"]), Fraction(row["amount"]), row.get("account") or "base")


def credit(row: dict) -> Decision:
    return Decision(row["subscription"], row["key"], day(row["date"]), row["given"])
