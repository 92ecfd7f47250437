"""The two centres of `daftar.config.probe` in the tests' database, and what each form is sent with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import uuid4

from django.test import Client

from daftar.config.probe import ROLES, Probe, make_probe
from daftar.orgs.rules import ANSWERS
from tests.cast import PASSWORD
from tests.kept import kept_or_made

__all__ = ["ROLES", "Probe", "a_probe", "client_of", "good_bodies"]

# Forms that ask only whether it is meant.
CONFIRMED = (
    "payment-undo",
    "payment-restore",
    "promise-withdraw",
    "lesson-undo",
    "lesson-move-undo",
    "lesson-type-undo",
    "lesson-take-back",
    "lesson-topic-undo",
    "exam-results-undo",
    "lesson-guest-remove",
    "lesson-makes-up-remove",
    "enrolment-undo",
    "import-undo",
)
CONTRACT: dict[str, object] = {"starts_on": "2025-09-01", "last_on": "2026-05-31", "amount": "100", "visits": "16"}


def a_probe(slug: str) -> Probe:
    """A centre with rows of everything; every text in it carries a canary that must never show up elsewhere."""
    return kept_or_made(slug, lambda: make_probe(slug, at=datetime.now(UTC), password=PASSWORD))


def client_of(probe: Probe, role: str) -> Client:
    """Signed in as somebody of this role who works in all branches."""
    client = Client()
    client.post("/login/", {"login": probe.logins[role], "password": PASSWORD})
    return client


class Upload(BytesIO):
    """A file that can be sent again and again."""

    name, content_type = "new.csv", "text/csv"

    def read(self, size: int | None = -1) -> bytes:
        self.seek(0)
        return super().read(size)


def _cells(ids: dict[str, int]) -> dict[str, dict[str, object]]:
    """Who was there came late: a cell of the journal with what it showed before."""
    came: list[object] = [True, None, None, None, None, ""]
    cell = [ids["lesson_id"], ids["student_id"], came, [True, None, 5, 90, None, "c"]]
    sent = {"key": str(uuid4()), "age": "60000", "shown": ids["student_id"], "present": ids["student_id"], "topic": "t"}
    return {"group-cells": {"cells": json.dumps([cell]), "because": ""}, "lesson-send": sent}


def good_bodies(probe: Probe) -> dict[str, dict[str, object]]:
    """What each form is sent with when nothing is wrong, by the name of its address."""
    ids, today = probe.ids, probe.by.today
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
        "lesson-new": {"held_on": str(today + timedelta(days=1)), "starts_time": "07:15", "minutes": 60},
        "enrolment-activate": {"activated_on": str(today)},
        **_cells(ids),
        **_money_bodies(ids, today),
        **_lesson_bodies(ids, today),
        **{name: {"sent": "on"} for name in CONFIRMED},
        "branch": {"branch_id": ids["branch_id"]},
        "promise-new": {"promised_for": str(today)},
        "course-new": {
            "name": "C new",
            "plan": "per_lesson",
            "currency": "UZS",
            "lessons_count": 1,
            "lesson_minutes": 60,
        },
        "member-new": {"name": "M new", "role": ids["role"], "branch_ids": [ids["branch_ids"]]},
        "member-edit": {"name": "M changed", "role": ids["role"], "branch_ids": [ids["branch_ids"]], "is_active": "on"},
        **_access_bodies(ids),
        "desk-new": {"name": "D new", "branch_id": ids["branch_id"], "method": "cash"},
        "desk-edit": {"name": "D changed", "is_open": "on"},
        "branch-new": {"name": "B new", "timezone": "Asia/Tashkent", "currency": "UZS", "language": "en"},
        "branch-edit": {"name": "B changed", "language": "en"},
        "settings": {"name": "Renamed"},
        **_price_bodies(ids, today),
        **_rule_bodies(ids, today),
        **_exam_bodies(ids, today),
        **_import_bodies(ids, today),
    }


PRESSED = ("suspension-remove", "discount-withdraw", "subscription-unbind", "enrolment-undo-leaving")


def _price_bodies(ids: dict[str, int], today: date) -> dict[str, dict[str, object]]:
    day = str(today)
    return {
        "student-pause": {"starts_on": day, "last_on": day, "gives_credit": "on"},
        "group-pause": {"starts_on": day, "last_on": day, "gives_credit": "on"},
        "suspension-edit": {"starts_on": day, "last_on": day, "gives_credit": "on"},
        "enrolment-end-pause": {"from_on": day},
        **{name: {"sent": "on"} for name in PRESSED},
        "enrolment-weekdays-undo": {"sent": "on"},
        "enrolment-leave": {"last_on": day, "gives_credit": "on", "reason_id": ids["leaving_reason"]},
        "enrolment-transfer": {
            "group_id": ids["into_group"], "last_on": day, "starts_on": day, "gives_credit": "on",
        },
        "enrolment-trial": {"from_on": day, "gives_credit": "on"},
        "enrolment-weekdays": {"comes_on": ["1", "3"], "from_on": day},
        # The student is bound to it already; in one group only it is another binding.
        "student-bind": {"tariff_id": ids["tariff_id"], "group_id": ids["group_id"], "starts_on": day},
        "lesson-payer": {"subscription_id": ""},
        "subscription-end": {"last_on": "2099-02-01"},
        "subscription-price": {"price": "100", "from_on": "2099-02-01"},
        "subscription-price-end": {"from_on": "2099-02-01"},
        "discount-new": {"kind": "percent", "percent": "5", "starts_on": day},
        "discount-edit": {"kind": "percent", "percent": "5", "starts_on": day},
    }  # fmt: skip


def _learning_bodies(ids: dict[str, int]) -> dict[str, dict[str, object]]:
    """What a group learns."""
    return {
        "lesson": {
            "topic": "t", "plan_topic_id": ids["plan_topic_id"], "present": [ids["student_id"]],
            f"reason_{ids['other_student']}": ids["reason"],
        },
        "course-topics": {"lines": "Unit 8\nUnit 9"},
        "topic-edit": {"title": "Unit 7", "contents": "reading"},
        "topic-move": {"place": "2"},
        "topic-archive": {"sent": "on"},
        "topic-restore": {"sent": "on"},
        "lesson-topic": {"plan_topic_id": ids["plan_topic_id"], "topic": ""},
    }  # fmt: skip


def _exam_bodies(ids: dict[str, int], today: date) -> dict[str, dict[str, object]]:
    exam = {"name": "E new", "held_on": str(today), "scale_id": ids["scale_id"], "pass_mark": "A"}
    test = {
        "name": "T new", "taken_on": str(today), "scale_id": ids["scale_id"], "score": "B",
        "teacher_id": ids["teacher_id"], "comment": "c",
    }  # fmt: skip
    scale = {"kind": "numbers", "lowest": "0", "highest": "9", "step": "0,5", "pass_mark": "5"}
    return {
        "exam-new": exam,
        "exam-edit": exam | {"plan_topic_id": ids["plan_topic_id"]},
        "exam-results": {f"score_{ids['student']}": "B", f"comment_{ids['student']}": "better"},
        "group-test-new": test | {"student_id": ids["student_id"]},
        **dict.fromkeys(("student-test-new", "test-edit"), test | {"group_id": ids["group_id"], "subject": ""}),
        **{name: {"sent": "on"} for name in ("test-delete", "test-restore")},
        "scale-new": scale | {"name": "S new"},
        "scale-edit": {"name": "S changed", "pass_mark": "A"},
        **{f"{whose}-file-new": {"file": Upload(b"Name;Grade\n")} for whose in ("group", "lesson", "topic")},
        **{name: {"sent": "on"} for name in ("material-remove", "material-restore")},
        **{f"group-comment-{deed}": {"text": "C new"} for deed in ("new", "edit")},
        **{f"group-comment-{deed}": {"sent": "on"} for deed in ("remove", "restore")},
        **{name: {"sent": "on"} for name in ("exam-delete", "exam-restore", "scale-archive", "scale-restore")},
    }


def _lesson_bodies(ids: dict[str, int], today: date) -> dict[str, dict[str, object]]:
    alone = {
        "student": ids["student"], "course_id": ids["course_id"], "branch_id": ids["branch_id"], "starts_time": "06:40",
        "room_id": ids["room_id"], "teacher_id": ids["teacher_id"],
    }  # fmt: skip
    return {
        "calendars": {"whose": f"room:{ids['room_id']}"},
        "lesson-type": {"type_id": ""},
        "group-several": {
            "enrolment_ids": ids["enrolment_id"],
            "deed": "pause",
            "on": "2030-01-01",
            "last_on": "",
            "reason_id": ids["leaving_reason"],
            "gives_credit": "on",
        },
        "absence-new": {"starts_on": str(today), "last_on": str(today), "reason_id": ids["reason"], "note": "n"},
        "absence-withdraw": {"sent": "on"},
        "absence-restore": {"sent": "on"},
        "group-several-undo": {"sent": "on"},
        **{name: {"name": "V new"} for name in ("lesson-view-keep", "group-view-keep")},
        "group-view-drop": {"sent": "on"},
        "lesson-view-drop": {"sent": "on"},
        "group-wait": {"note": "n"},
        "group-marks": {"marks_begin": "unmarked"},
        "waiting-end": {"sent": "on"},
        "waiting-on": {"sent": "on"},
        "lesson-type-edit": {"name": "T changed", "kind": "group", "icon": "star", "colour": "teal", "minutes": "45"},
        **{name: {"sent": "on"} for name in ("lesson-type-archive", "lesson-type-restore")},
        "lesson-single-new": alone | {"held_on": str(today + timedelta(days=3))},
        "lessons-regular-new": alone
        | {"weekdays": [1, 3], "starts_on": str(today + timedelta(days=3)), "last_on": str(today + timedelta(days=30))},
        "lessons-regular-last-day": {"last_on": str(today + timedelta(days=9))},
        "group-regular-new": {"weekdays": [6], "starts_on": str(today + timedelta(days=3)), "starts_time": "06:50"},
        "group-regular-last-day": {"last_on": str(today + timedelta(days=20))},
        "group-regular-undo": {"sent": "on"},
        "make-up-lesson": {"held_on": str(today + timedelta(days=2)), "starts_time": "06:00"},
        "calendar-withdraw": {"sent": "on"},
        "course-edit": {"name": "C changed", "lesson_minutes": 60},
        "room-new": {"name": "R new", "branch_id": ids["branch_id"]},
        "room-edit": {"name": "R changed"},
        "lesson-guest": {"student": ids["free_student"], "make_up_id": ""},
        "lesson-makes-up": {"make_up_id": ids["make_up_id"]},
        "make-up": {"lesson_id": ids["lesson_id"]},
        "hours-edit": {
            "opens_at": "08:00",
            "closes_at": "21:00",
            "blocks_rooms": "no",
            "blocks_teachers": "no",
            "blocks_capacity": "no",
            "marks_begin": "unmarked",
            "unmarked_become": "present",
            "correction_days": "14",
        },
        **_learning_bodies(ids),
    }


def _money_bodies(ids: dict[str, int], today: date) -> dict[str, dict[str, object]]:
    common = {"desk_id": ids["desk_id"], "paid_on": str(today), "key": "k"}
    return {
        **dict.fromkeys(("contract-new", "contract-edit"), CONTRACT),
        **{name: {"sent": "on"} for name in ("contract-delete", "contract-restore")},
        "payment-new": common | {"student": ids["student"], "amount": "100"},
        "payment-reverse": {"reason": "mistake"},
        "refund-new": common | {"amount": "100"},
        "correction-new": {"direction": "up", "amount": "100", "paid_on": str(today), "key": "k", "note": "why"},
        "bonus-give": {"amount": "100", "paid_on": str(today), "key": "k", "note": "why"},
        "bonus-spend": {"amount": "100", "paid_on": str(today), "key": "k"},
        "sale-new": common | {"thing": "Textbook", "quantity": "2", "price": "100"},
        "money-move": common | {"to_desk_id": ids["to_desk_id"], "amount": "100"},
        "payment-edit": {
            "student": ids["student"], "amount": "800", "desk_id": ids["desk_id"], "paid_on": str(today), "reason": "x",
        },
        "books-close": {"branch_id": ids["branch_id"], "closed_until": str(today - timedelta(days=1))},
        "books-reopen": {"closed_until": "", "reason": "a lost receipt"},
    }  # fmt: skip


def _rule_bodies(ids: dict[str, int], today: date) -> dict[str, dict[str, object]]:
    """What an owner sets about tuition."""
    price = {"price": "100", "from_on": "2097-02-01", "bound_follow": "no"}
    tariff = {"name": "T new", "plan": "module", "module_lessons": 8, "branches": [ids["branch_id"]]}
    decided = {
        "activation_day_counts": "no", "rounding_step": "100000", "money_discount_per": "lesson",
        "suspensions_extend": "no", "holidays_credited": "yes",
        **{name: tuple(answers)[-1].value for name, answers in ANSWERS.items()},
    }  # fmt: skip
    reason = {"name": "Holiday abroad", "gives_credit": "on", "place": 3}
    why = {"name": "Went abroad", "place": 9}
    return {
        "charging": decided | {"sibling_percent": "10"},
        "charging-branch": decided,
        "reason-new": reason,
        "reason-edit": reason,
        "leaving-reason-new": why,
        "leaving-reason-edit": why,
        **{f"leaving-reason-{deed}": {"sent": "on"} for deed in ("archive", "restore")},
        "course-price": price,
        "group-price": price,
        "tariff-price": price,
        "tariff-new": tariff | {"currency": "UZS", "price": "100", "from_on": str(today)},
        "tariff-edit": tariff,
        "lesson-type-new": {"name": "L new", "kind": "group", "icon": "tag", "colour": "blue"},
        "days-off-new": {
            "name": "H new", "starts_on": "2098-01-01", "branch_id": ids["branch_id"], "affects_payment": "yes",
        },
        "days-off-remove": {"sent": "on"},
        "lesson-cancel": {"reason": "no teacher"},
        "lesson-restore": {"sent": "on"},
        "lesson-move": {"held_on": str(today), "starts_time": "06:15"},
    }  # fmt: skip


def _access_bodies(ids: dict[str, int]) -> dict[str, dict[str, object]]:
    return {
        "member-invite": {
            "name": "I new", "email": "new@invited.example", "role": ids["role"], "branch_ids": [ids["branch_ids"]],
        },
        "invitation-again": {},
        "invitation-withdraw": {},
        "roles": {f"given_{ids['role']}": ["people.edit"], "confirmed": "1"},
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
