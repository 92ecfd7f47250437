"""The pricing rules: `due` is what should be charged, `difference` what is missing, `coverage` how far money goes."""

from daftar.courses.rules import PlanKind
from daftar.tuition.rules.agreed import LessonsWanted, agreed
from daftar.tuition.rules.charging import ChargeDraft
from daftar.tuition.rules.coverage import Coverage, Reached, affordable_lessons, coverage
from daftar.tuition.rules.decisions import Decisions
from daftar.tuition.rules.difference import PostedCharge, difference
from daftar.tuition.rules.due import due, unpriced
from daftar.tuition.rules.facts import (
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
from daftar.tuition.rules.forecast import forecast, missing
from daftar.tuition.rules.known import lasting, moved_end
from daftar.tuition.rules.payer import may_pay
from daftar.tuition.rules.shared import SharedLessons
from daftar.tuition.rules.told import Told, told
from daftar.tuition.rules.uncharged import Reason, why_not_charged
from daftar.tuition.rules.weekdays import own_group, own_lessons
from daftar.tuition.rules.why import Why, WhyLine, Writer, as_json, from_json
from daftar.tuition.rules.window import Window, is_enough, takes_no_marks

__all__ = [
    "AttendanceFact",
    "ChargeDraft",
    "Coverage",
    "Decisions",
    "DeclinedCredit",
    "DiscountFact",
    "DiscountPer",
    "EnrolmentFact",
    "GivenCredit",
    "GroupFact",
    "HolidayFact",
    "LessonFact",
    "LessonStatus",
    "LessonsWanted",
    "PaymentFact",
    "PlanKind",
    "PostedCharge",
    "PriceStep",
    "Reached",
    "Reason",
    "SharedLessons",
    "StudentFacts",
    "SubscriptionFact",
    "SuspensionFact",
    "Told",
    "Why",
    "WhyLine",
    "Window",
    "Writer",
    "affordable_lessons",
    "agreed",
    "as_json",
    "coverage",
    "difference",
    "due",
    "forecast",
    "from_json",
    "is_enough",
    "lasting",
    "may_pay",
    "missing",
    "moved_end",
    "own_group",
    "own_lessons",
    "takes_no_marks",
    "told",
    "unpriced",
    "why_not_charged",
]
