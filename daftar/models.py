"""Names every table for Django, nothing else."""

from daftar.attendance.models import (
    AbsenceReason,
    Attendance,
    Exam,
    ExamResult,
    Guest,
    MakeUp,
    Material,
    Scale,
    TestResult,
)
from daftar.contracts.models import Contract
from daftar.courses.comment_models import GroupComment
from daftar.courses.ending_models import LeavingReason
from daftar.courses.feed_models import Feed
from daftar.courses.models import (
    Course,
    Enrolment,
    Group,
    Holiday,
    Lesson,
    LessonType,
    Recurrence,
    Room,
    Suspension,
    Topic,
)
from daftar.courses.weekdays import WeekdayOff
from daftar.finance.models import Desk, Payment, PaymentReversal, Promise, ReceiptCounter
from daftar.ledger.models import Account, Books, Transfer
from daftar.orgs.models import (
    AuditEntry,
    Branch,
    Door,
    GroupDeed,
    Invitation,
    Member,
    MemberBranch,
    Organization,
    Role,
    User,
)
from daftar.people.models import Contact, Payer, Student
from daftar.transfer.models import Import, ImportRow
from daftar.tuition.models import (
    CreditDeclined,
    CreditGiven,
    Discount,
    LessonPick,
    PriceStep,
    Subscription,
    Tariff,
    TariffPrice,
)

__all__ = [
    "AbsenceReason", "Account", "Attendance", "AuditEntry", "Books", "Branch", "Contact", "Contract", "Course",
    "CreditDeclined", "CreditGiven", "Desk", "Discount", "Door", "Enrolment", "Exam", "ExamResult", "Feed", "Group",
    "GroupComment", "GroupDeed", "Guest", "Holiday", "Import", "ImportRow", "Invitation", "LeavingReason", "Lesson",
    "LessonPick", "LessonType", "MakeUp", "Material", "Member", "MemberBranch", "Organization", "Payer", "Payment",
    "PaymentReversal", "PriceStep", "Promise", "ReceiptCounter", "Recurrence", "Role", "Room", "Scale", "Student",
    "Subscription", "Suspension", "Tariff", "TariffPrice", "TestResult", "Topic", "Transfer", "User", "WeekdayOff",
]  # fmt: skip
