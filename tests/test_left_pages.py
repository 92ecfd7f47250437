"""Pages on who left: what each may see, what is wrong is told, and Undo that comes too late says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from daftar.courses.ending_models import LeavingReason
from daftar.courses.leaving_reasons import leaving_reasons
from daftar.courses.models import Enrolment
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member, Role
from daftar.orgs.services import change_rights
from daftar.tuition.leaving import leave_group
from daftar.tuition.services import enrol_active
from tests.cast import PASSWORD, a_centre, a_group, a_member, a_student, owner_of
from tests.test_sweep import said

pytestmark = pytest.mark.django_db
LEFT = "/lingua/reports/left/"


@pytest.fixture
def by():
    return a_centre(at=datetime.now(UTC))


@pytest.fixture
def ids(by):
    """Somebody left the group of a teacher, somebody another one; the rows by name."""
    with tenant_transaction(by.org_id):
        owner = owner_of(by)
        change_rights(owner, given={Role.objects.visible_to(by).get(code="teacher").pk: ["people.view"]}, taken={})
        bek = a_member(by, "Bek", "teacher")
        days = {"starts_on": str(by.today - timedelta(days=9)), "last_on": str(by.today + timedelta(days=90))}
        first = a_group(by, name="First", teacher_id=bek.member_id, capacity=1, **days)
        second = a_group(by, first.course, "Second", **days)
        found = {"first": first.pk, "second": second.pk, "reason": leaving_reasons(owner)[0].pk}
        for name, group, reason in (("Anvar", first, found["reason"]), ("Zilola", second, None)):
            student = a_student(by, name, phone="+998901112233")
            row = enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=by.today)
            leave_group(owner, enrolment_id=row.pk, last_on=by.today, reason_id=reason, reason="call +998 90 777 66 55")
            found[name] = row.pk
        return found


def signed_in(name: str) -> Client:
    client = Client()
    client.post("/login/", {"login": f"{name}@lingua.example", "password": PASSWORD})
    return client


def test_who_sees_all_groups_sees_everybody_with_phone_balance_and_undo(ids):
    text = said(signed_in("aziza").get(LEFT))
    for part in ("Anvar", "Zilola", "tel:+998901112233", "777 66 55", f"enrolments/{ids['Anvar']}/stay/", "tab=money"):
        assert part in text, part


def test_a_teacher_sees_who_left_the_own_groups_without_what_the_role_hides(ids):
    client = signed_in("bek")
    text = said(client.get(LEFT))
    assert "Anvar" in text
    for part in ("Zilola", "tel:+998901112233", "777 66 55", "/stay/", "tab=money", "reports/forecast", "Second"):
        assert part not in text, part
    assert ">1</span>" in said(client.get("/lingua/")).split("Left an active group")[1][:90]
    assert "Zilola" not in said(client.get(f"{LEFT}?format=csv"))
    assert client.get(LEFT, {"group_id": ids["second"]}).status_code == 422  # no group of hers


def test_who_does_not_see_students_is_refused_and_sees_no_figure(by, ids):
    with tenant_transaction(by.org_id):
        teacher = Role.objects.visible_to(by).get(code="teacher").pk
        change_rights(owner_of(by), given={}, taken={teacher: ["people.view"]})
    client = signed_in("bek")
    assert client.get(LEFT).status_code == 403
    assert "Left after trial" not in said(client.get("/lingua/"))


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2025-05-02", "until": "2025-05-01"}, {"since": "yesterday"}, {"kind": "by magic"},
        {"reason_id": "999999"}, {"group_id": "x"},
    ],
)  # fmt: skip
def test_what_is_asked_wrong_is_told_and_nobody_is_listed(ids, asked):
    answer = signed_in("aziza").get(LEFT, asked)
    assert answer.status_code == 422
    assert "Please correct this" in said(answer)
    assert "Anvar" not in said(answer)


def test_filters_name_what_they_are_about(ids):
    client = signed_in("aziza")
    for asked, there, away in (
        ({"group_id": ids["first"]}, "Anvar", "Zilola"), ({"reason_id": "0"}, "Zilola", "Anvar"),
        ({"reason_id": ids["reason"]}, "Anvar", "Zilola"),
        ({"kind": "active", "group_id": ids["second"]}, "Zilola", "Anvar"),
    ):  # fmt: skip
        text = said(client.get(LEFT, asked))
        assert there in text
        assert away not in text
    assert "Nobody left in this time" in said(client.get(LEFT, {"kind": "trial"}))


def test_undo_that_comes_too_late_says_why_and_changes_nothing(by, ids):
    with tenant_transaction(by.org_id):
        other = a_student(by, "Other")
        enrol_active(by, student_id=other.pk, group_id=ids["first"], starts_on=by.today + timedelta(days=1))
    answer = signed_in("aziza").post(f"/lingua/enrolments/{ids['Anvar']}/stay/", {"sent": "on", "next": LEFT})
    assert answer.status_code == 422
    assert "no free place" in said(answer)
    with tenant_transaction(by.org_id):
        assert Enrolment.objects.visible_to(by).get(pk=ids["Anvar"]).left_at is not None


def test_a_reason_is_chosen_in_the_form_and_one_of_the_archive_is_not_offered(by, ids):
    client = signed_in("aziza")
    with tenant_transaction(by.org_id):
        student = a_student(by, "Third")
        row = enrol_active(by, student_id=student.pk, group_id=ids["second"], starts_on=by.today)
        gone = LeavingReason.objects.visible_to(by).exclude(pk=ids["reason"])[0]
    client.post(f"/lingua/settings/leaving/{gone.pk}/archive/", {"sent": "on"})
    body = {"last_on": str(by.today), "gives_credit": "on", "reason_id": gone.pk}
    assert client.post(f"/lingua/enrolments/{row.pk}/leave/", body).status_code == 422
    assert client.post(f"/lingua/enrolments/{row.pk}/leave/", body | {"reason_id": ids["reason"]}).status_code == 302
    with tenant_transaction(by.org_id):
        row.refresh_from_db()
        owner = Member.objects.visible_to(by).get(name="Aziza")
        assert (row.left_reason_id, row.left_by_id) == (ids["reason"], owner.pk)
    assert "Reason of leaving" in said(client.get("/lingua/history/"))
