"""Somebody must be left to manage the centre, and a name is given once."""

from __future__ import annotations

import threading
import time

from django.db import connection

from daftar.courses.catalogue import add_course
from daftar.courses.models import Course
from daftar.courses.rules import PlanKind
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member
from daftar.orgs.services import add_member, edit_member
from tests.cast import PASSWORD
from tests.races.together import CROWD, at_once, kinds


def stepping_down(by, member):
    return lambda: edit_member(
        by, member_id=member.pk, name=member.name, role="administrator", branch_ids=(), is_active=True
    )


def test_owners_who_all_step_down_at_once_leave_one(by):
    with tenant_transaction(by.org_id):
        for number in range(CROWD - 1):
            add_member(by, name=f"Owner {number}", role="owner", email=f"o{number}@x.example", password=PASSWORD)
        owners = list(Member.objects.visible_to(by).filter(role__code="owner"))
    answers = at_once(by, [stepping_down(by, owner) for owner in owners])
    assert kinds(answers) == {"done": CROWD - 1, "LastOwner": 1}
    with tenant_transaction(by.org_id):
        assert Member.objects.visible_to(by).filter(role__code="owner").count() == 1


def test_the_only_owner_cannot_be_ended_by_somebody_who_still_saw_an_administrator(by):
    """The change that made her the only owner is not yet committed when hers begins."""
    with tenant_transaction(by.org_id):
        heir = add_member(by, name="Heir", role="administrator", email="heir@x.example", password=PASSWORD)
        owner = Member.objects.visible_to(by).get(role__code="owner")

    def ending():
        edit_member(by, member_id=heir.pk, name=heir.name, role="administrator", branch_ids=(), is_active=False)

    answers = []
    begun = threading.Thread(target=lambda: answers.extend(at_once(by, [ending])))
    with tenant_transaction(by.org_id):
        edit_member(by, member_id=heir.pk, name=heir.name, role="owner", branch_ids=(), is_active=True)
        stepping_down(by, owner)()
        begun.start()
        wait_for_a_lock()
    begun.join()
    assert kinds(answers) == {"LastOwner": 1}


def wait_for_a_lock():
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
            time.sleep(0.02)
    raise AssertionError("nobody waited")


def test_a_name_wanted_by_sixteen_is_given_once(by):
    def naming():
        return add_course(by, name="English", plan=PlanKind.PER_LESSON, currency="UZS", price=1)

    answers = at_once(by, [naming] * CROWD)
    assert kinds(answers)["done"] == 1, kinds(answers)
    with tenant_transaction(by.org_id):
        assert Course.objects.visible_to(by).count() == 1
