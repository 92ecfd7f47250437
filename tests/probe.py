"""Two centres that mirror each other, with one row of everything an address or a form can name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from daftar.attendance.models import AbsenceReason
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.services import add_room
from daftar.finance.models import Desk
from daftar.finance.services import promise, take_payment
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.access import Actor
from daftar.orgs.models import AuditEntry, Branch, Member, Role
from daftar.orgs.services import add_role, invite
from daftar.transfer import services as transfer
from daftar.transfer.rules import Field
from daftar.tuition.services import activate
from tests.cast import a_centre, a_course, a_group, a_member, a_student, enrolled

ROLES = ("owner", "administrator", "cashier", "teacher")
NOW = datetime.now(UTC)


@dataclass
class Probe:
    """A centre: who acts in it, by role, and the ids of its rows by the names addresses and forms use."""

    by: Actor
    slug: str
    canary: str
    logins: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


def a_probe(slug: str) -> Probe:
    """Every name in it carries a canary that must never show up elsewhere."""
    by = a_centre(slug, at=NOW)
    probe = Probe(by, slug, f"Zq{slug}")
    with tenant_transaction(by.org_id):
        _people(probe)
        _courses(probe)
        _money(probe)
        _files(probe)
    return probe


def _people(probe: Probe) -> None:
    by = probe.by
    probe.logins["owner"] = f"aziza@{probe.slug}.example"
    for role in ROLES[1:]:
        a_member(by, f"{role.title()}{probe.canary}", role)
        probe.logins[role] = f"{role}{probe.canary}@{probe.slug}.example".lower()
    probe.ids["member_id"] = Member.objects.visible_to(by).get(role__code="cashier").pk
    probe.ids["teacher_id"] = Member.objects.visible_to(by).get(role__code="teacher").pk
    probe.ids["branch_id"] = Branch.objects.visible_to(by).get().pk
    probe.ids["branch_ids"] = probe.ids["branch_id"]
    probe.ids["role"] = Role.objects.visible_to(by).get(code="cashier").pk
    own = add_role(by, name=f"{probe.canary} role", copy_of=probe.ids["role"])
    probe.ids["role_id"] = probe.ids["copy_of"] = own.pk
    invited = {"email": f"{probe.canary}@invited.example", "name": f"{probe.canary} invited", "role": "teacher"}
    probe.ids["invitation_id"] = invite(by, **invited, branch_ids=(), site="http://testserver").pk
    student = a_student(
        by,
        f"{probe.canary} Farhod",
        phone="+998901234567",
        payer_name=f"{probe.canary} payer",
        note=f"{probe.canary} note",
    )
    probe.ids["student_id"] = probe.ids["student"] = student.pk
    probe.ids["other_student"] = a_student(by, f"{probe.canary} Madina").pk
    probe.ids["free_student"] = a_student(by, f"{probe.canary} Sardor").pk


def _courses(probe: Probe) -> None:
    by, ids, today = probe.by, probe.ids, probe.by.today
    course = a_course(by, f"{probe.canary} English", plan=PlanKind.PER_LESSON, price=5_000_000)
    ids["course_id"] = course.pk
    ids["room_id"] = add_room(by, branch_id=ids["branch_id"], name=f"{probe.canary} room").pk
    first = today - timedelta(days=20)
    group = a_group(
        by, course, f"{probe.canary} group", weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on=str(first),
        last_on=str(today + timedelta(days=60)), teacher_id=ids["teacher_id"], room_id=ids["room_id"],
    )  # fmt: skip
    ids["group_id"] = group.pk
    from daftar.people.models import Student

    rows = {row.pk: row for row in Student.objects.visible_to(by).select_related("branch")}
    active = enrolled(by, rows[ids["student_id"]], group, str(first))
    activate(by, enrolment_id=active.pk, activated_on=first)
    ids["enrolment_id"] = enrolled(by, rows[ids["other_student"]], group, str(today)).pk
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=today)
    conduct_lesson(by, lesson_id=lesson.pk, absent={}, topic=f"{probe.canary} topic")
    ids["lesson_id"] = lesson.pk
    ids["reason"] = AbsenceReason.objects.visible_to(by).order_by("id")[0].pk


def _money(probe: Probe) -> None:
    by, ids = probe.by, probe.ids
    ids["desk_id"] = ids["desk"] = Desk.objects.visible_to(by).order_by("id")[0].pk
    ids["payment_id"] = take_payment(
        by, student_id=ids["student_id"], desk_id=ids["desk_id"], amount=100_000, paid_on=by.today,
        key=f"probe-{probe.slug}", note=f"{probe.canary} paid",
    ).pk  # fmt: skip
    ids["promise_id"] = promise(by, student_id=ids["student_id"], promised_for=by.today, note=f"{probe.canary} said").pk
    ids["before"] = AuditEntry.objects.visible_to(by).order_by("-id")[0].pk


def _files(probe: Probe) -> None:
    """A checked file with a row of every kind, one group that is here and one that is not."""
    by, ids = probe.by, probe.ids
    names = [f"{probe.canary} {name}" for name in ("Olim", "Salim", "Olim")]
    rows = [(names[0], f"{probe.canary} group"), (names[1], "A new one"), (names[2], ""), ("", names[0])]
    text = "".join(f"{name};{group};12345;5\n" for name, group in rows)
    content = f"Name;Group;Phone;Balance\n{text}".encode()
    name = f"{probe.canary}.csv"
    row = transfer.begin_import(by, branch_id=ids["branch_id"], file_name=name, content=content, opens_on=by.today)
    fields = [Field.NAME, Field.GROUPS, Field.PHONE, Field.BALANCE]
    row = transfer.choose_columns(by, import_id=row.pk, fields=fields)
    from daftar.transfer.groups import from_json

    transfer.choose_groups(by, import_id=row.pk, choices=from_json(row.groups))
    ids["import_id"] = row.pk


class Upload(BytesIO):
    """A file that can be sent again and again."""

    name, content_type = "new.csv", "text/csv"

    def read(self, size: int | None = -1) -> bytes:
        self.seek(0)
        return super().read(size)


def good_bodies(probe: Probe) -> dict[str, dict[str, object]]:
    """What each form is sent with when nothing is wrong, by the name of its address."""
    ids, today = probe.ids, date.today()
    group = {"name": "G new", "starts_on": str(today), "last_on": str(today + timedelta(days=9)), "day_pattern": "none"}
    person = {"full_name": "New One", "branch_id": ids["branch_id"]}
    return {
        "student-new": person,
        "student-edit": person,
        "student-enrol": {"group_id": ids["group_id"], "start": "trial", "starts_on": str(today)},
        "group-new": group
        | {
            "course_id": ids["course_id"],
            "branch_id": ids["branch_id"],
            "teacher_id": ids["teacher_id"],
            "room_id": ids["room_id"],
        },
        "group-edit": group
        | {"teacher_id": ids["teacher_id"], "room_id": ids["room_id"], "starts_on": str(today - timedelta(days=20))},
        "group-add-student": {"student": ids["free_student"], "start": "trial", "starts_on": str(today)},
        "lesson-new": {"held_on": str(today + timedelta(days=1)), "starts_time": "07:15"},
        "enrolment-activate": {"activated_on": str(today)},
        "lesson": {"topic": "t", "present": [ids["student_id"]], f"reason_{ids['other_student']}": ids["reason"]},
        "payment-new": {
            "student": ids["student"],
            "amount": "100",
            "desk_id": ids["desk_id"],
            "paid_on": str(today),
            "key": "k",
        },
        "payment-reverse": {"reason": "mistake"},
        **{
            name: {"sent": "on"}
            for name in ("payment-undo", "promise-withdraw", "lesson-undo", "enrolment-undo", "import-undo")
        },
        "branch": {"branch_id": ids["branch_id"]},
        "promise-new": {"promised_for": str(today)},
        "course-new": {
            "name": "C new",
            "plan": "per_lesson",
            "currency": "UZS",
            "lessons_count": 1,
            "lesson_minutes": 60,
        },
        "course-edit": {"name": "C changed", "lessons_count": 1, "lesson_minutes": 60},
        "room-new": {"name": "R new", "branch_id": ids["branch_id"]},
        "room-edit": {"name": "R changed"},
        "member-new": {"name": "M new", "role": ids["role"], "branch_ids": [ids["branch_ids"]]},
        "member-edit": {"name": "M changed", "role": ids["role"], "branch_ids": [ids["branch_ids"]], "is_active": "on"},
        **_access_bodies(ids),
        "desk-new": {"name": "D new", "branch_id": ids["branch_id"], "method": "cash"},
        "desk-edit": {"name": "D changed", "is_open": "on"},
        "branch-new": {"name": "B new", "timezone": "Asia/Tashkent", "currency": "UZS", "language": "en"},
        "branch-edit": {"name": "B changed", "language": "en"},
        "settings": {"name": "Renamed", "activation_day_counts": "on"},
        **_import_bodies(ids, today),
    }


def _access_bodies(ids: dict[str, int]) -> dict[str, dict[str, object]]:
    return {
        "member-invite": {
            "name": "I new", "email": "new@invited.example", "role": ids["role"], "branch_ids": [ids["branch_ids"]],
        },
        "invitation-again": {},
        "invitation-withdraw": {},
        "roles": {f"role_{ids['role']}": ["people.view"], "confirmed": "1"},
        "role-new": {"name": "Role new", "copy_of": ids["copy_of"]},
        "role-edit": {"name": "Role renamed"},
        "role-delete": {},
        "two-steps": {"required": "1"},
    }  # fmt: skip


def _import_bodies(ids: dict[str, int], today: date) -> dict[str, dict[str, object]]:
    file = Upload(b"Name;Group\nNew One;A1\n")
    return {
        "import-new": {"file": file, "branch_id": ids["branch_id"], "opens_on": str(today)},
        "import-columns": {"column_0": "name", "column_1": "groups", "column_2": "phone", "column_3": "balance"},
        "import-groups": {"fate_0": ids["group_id"], "fate_1": "new", "course_1": ids["course_id"]},
        "import": {},
        "import-check": {},
    }
