"""Members, branches, settings, and the register of what was done."""

import json
from dataclasses import replace

import pytest

from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.access import Actor, add, verb
from daftar.orgs.models import AuditEntry, Branch, Member, Organization
from daftar.orgs.queries import actor_for, history, memberships
from daftar.orgs.services import (
    EmailTaken,
    LastOwner,
    NameTaken,
    OutsideBranches,
    PasswordTooWeak,
    UnknownTimezone,
    add_branch,
    add_member,
    change_settings,
    edit_member,
)
from daftar.people.models import Payer
from tests.cast import PASSWORD, a_member, owner_of


def test_a_founded_centre_has_a_branch_an_owner_and_three_desks(by):
    from daftar.finance.queries import desks

    assert [branch.name for branch in Branch.objects.visible_to(by)] == ["Main"]
    assert [(row.name, row.role.code) for row in Member.objects.visible_to(by)] == [("Aziza", "owner")]
    assert [desk.name for desk in desks(by)] == ["Cash", "Card", "Bank transfer"]


def test_a_member_acts_with_the_rights_of_the_role_in_own_branches(by):
    second = add_branch(by, name="Second", timezone="Europe/Warsaw", currency="PLN", language="pl")
    member = add_member(
        by, name="Kamola", role="cashier", branch_ids=[second.pk], email="k@lingua.example", password=PASSWORD
    )
    actor, row = actor_for(member.user_id, "lingua", "pl")
    from daftar.orgs.queries import places_of, settled

    acting = settled(actor, row, places_of(actor, row))
    assert (acting.branch_ids, acting.timezone) == (frozenset({second.pk}), "Europe/Warsaw")
    assert acting.may("finance.take_payment")
    assert not acting.may("orgs.manage")
    assert [branch.name for branch in Branch.objects.visible_to(acting)] == ["Second"]


def test_ended_access_ends_at_once(by):
    cashier = a_member(by, "Kamola", "cashier")
    edit_member(by, member_id=cashier.member_id, name="Kamola", role="cashier", branch_ids=[], is_active=False)
    with pytest.raises(NotFound):
        actor_for(cashier.user_id, "lingua", "en")
    assert memberships(cashier.user_id) == []


def test_the_last_owner_stays(by):
    owner = owner_of(by)
    for role, active in (("teacher", True), ("owner", False)):
        with pytest.raises(LastOwner):
            edit_member(by, member_id=owner.member_id, name="Aziza", role=role, branch_ids=[], is_active=active)


def test_wrong_members_and_branches_are_refused(by):
    with pytest.raises(PasswordTooWeak):
        add_member(by, name="X", role="teacher", email="x@lingua.example", password="short")
    a_member(by, "Kamola", "cashier")
    with pytest.raises(EmailTaken):
        add_member(by, name="X", role="teacher", email="KAMOLA@lingua.example", password=PASSWORD)
    with pytest.raises(OutsideBranches):
        add_member(by, name="X", role="teacher", branch_ids=[10**6])
    with pytest.raises(NameTaken):
        add_branch(by, name="Main", timezone="Asia/Tashkent", currency="UZS", language="uz")
    with pytest.raises(UnknownTimezone):
        add_branch(by, name="Moon", timezone="Moon/Sea", currency="UZS", language="uz")
    assert {row.name for row in Member.objects.visible_to(by)} == {"Aziza", "Kamola"}


def test_settings_leave_old_and_new_in_the_register(by):
    change_settings(by, name="Lingua Plus", activation_day_counts=False)
    change_settings(by, name="Lingua Plus", activation_day_counts=False)

    rows = history(by)
    assert Organization.objects.get(pk=by.org_id).name == "Lingua Plus"
    assert rows[0].verb == "orgs.change_settings"
    assert [row.verb for row in rows].count("orgs.change_settings") == 1
    assert rows[0].changes[0]["was"] == {"name": "Lingua", "activation_day_counts": True}


def test_a_changed_rule_of_charging_defers_its_job_in_the_same_transaction(by):
    from django.db import connection

    change_settings(by, name="Lingua", activation_day_counts=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs")
        jobs = cursor.fetchall()
    assert [(name, json.loads(args)) for name, args in jobs] == [("tuition.reconcile_everyone", {"org_id": by.org_id})]


@verb("people.edit")
def add_two_payers(by: Actor, *, fails: bool) -> None:
    add(by, Payer, name="First")
    if fails:
        raise NotFound
    add_one_payer(by.trusted())


@verb("people.nobody_has_this")
def add_one_payer(by: Actor) -> None:
    add(by, Payer, name="Second")


def test_a_verb_is_one_permission_one_transaction_one_row(by):
    before = AuditEntry.objects.visible_to(by).count()
    add_two_payers(by, fails=False)
    rows = AuditEntry.objects.visible_to(by).order_by("-id")
    assert rows.count() == before + 1
    assert [change["name"] for change in rows[0].changes] == ["First", "Second"]
    with pytest.raises(NotFound):
        add_two_payers(by, fails=True)
    assert Payer.objects.visible_to(by).count() == 2
    assert AuditEntry.objects.visible_to(by).count() == before + 1


def test_without_the_permission_nothing_is_done(by):
    nobody = replace(by, permissions=frozenset(), is_trusted=False)
    with pytest.raises(Forbidden):
        add_two_payers(nobody, fails=False)
    with pytest.raises(Forbidden):
        add_one_payer(owner_of(by))
    assert not Payer.objects.visible_to(by).exists()


def test_who_works_in_one_branch_gives_nobody_all_of_them(by):
    first = Branch.objects.visible_to(by).get()
    limited = replace(by, branch_ids=frozenset({first.pk}))
    member = add_member(limited, name="Kamola", role="cashier", branch_ids=[first.pk])
    with pytest.raises(OutsideBranches):
        edit_member(limited, member_id=member.pk, name="Kamola", role="cashier", branch_ids=[], is_active=True)
    with pytest.raises(OutsideBranches):
        add_member(limited, name="X", role="teacher")
