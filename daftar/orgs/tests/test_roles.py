"""Roles as a centre has them: what is given and taken, by whom, and what nobody may give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.access import Actor
from daftar.orgs.models import AuditEntry, Member, Role
from daftar.orgs.queries import actor_for, places_of, settled
from daftar.orgs.roles import GRANTABLE, PERMISSIONS, BuiltIn
from daftar.orgs.services import (
    BeyondOwnRights,
    CentreAsAWhole,
    NameTaken,
    OwnersHoldAll,
    RoleInUse,
    RoleIsBuiltIn,
    RoleNameless,
    WorksElsewhere,
    add_branch,
    add_member,
    add_role,
    change_rights,
    change_settings,
    delete_role,
    edit_member,
    invite,
    note_invitation_mailed,
    rename_role,
    require_two_steps,
    send_invitation_again,
    withdraw_invitation,
)
from tests.cast import PASSWORD, a_branch, a_member, acting, owner_of


def role(by: Actor, code: str) -> Role:
    return Role.objects.visible_to(by).get(code=code)


def again(by: Actor, who: Actor) -> Actor:
    """The same person at the next request."""
    return acting(by, Member.objects.visible_to(by).get(pk=who.member_id))


def a_manager(by: Actor) -> Actor:
    """An administrator who may also manage the centre."""
    change_rights(by, given={role(by, "administrator").pk: ["orgs.manage"]}, taken={})
    return a_member(by, "Manager", "administrator")


def test_a_centre_begins_with_the_table_of_defaults(by):
    rights = {row.code: row.rights for row in Role.objects.visible_to(by)}
    assert rights == {code.value: PERMISSIONS[code] for code in BuiltIn}


def test_rights_given_and_taken_count_at_the_next_request_and_are_told(by):
    cashier = a_member(by, "Kamola", "cashier")
    change_rights(
        owner_of(by),
        given={role(by, "cashier").pk: ["people.edit"]},
        taken={role(by, "cashier").pk: ["finance.take_payment"]},
    )
    now = again(by, cashier)
    assert now.may("people.edit") and not now.may("finance.take_payment")
    row = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert (row.verb, row.changes[0]["now"]) == (
        "orgs.change_rights", {"given": ["people.edit"], "taken": ["finance.take_payment"]},
    )  # fmt: skip


def test_of_two_who_change_at_once_none_undoes_the_other(by):
    pk = role(by, "cashier").pk
    change_rights(by, given={pk: ["people.edit"]}, taken={})
    change_rights(by, given={pk: ["courses.edit"]}, taken={})
    assert {"people.edit", "courses.edit"} <= role(by, "cashier").rights


def test_an_owner_always_may_everything(by):
    assert owner_of(by).permissions == GRANTABLE
    with pytest.raises(OwnersHoldAll):
        change_rights(by, given={}, taken={role(by, "owner").pk: ["orgs.manage"]})


def test_nobody_gives_what_they_do_not_have(by):
    manager = a_manager(by)
    cashier, owner = role(by, "cashier"), owner_of(by)
    with pytest.raises(BeyondOwnRights):
        change_rights(manager, given={cashier.pk: ["finance.back_date"]}, taken={})
    for wanted in ("owner", role(by, "owner").pk):
        with pytest.raises(BeyondOwnRights):
            add_member(manager, name="X", role=wanted)
    with pytest.raises(BeyondOwnRights):
        add_role(manager, name="Mine", copy_of=role(by, "owner").pk)
    with pytest.raises(BeyondOwnRights):
        edit_member(manager, member_id=manager.member_id, name="M", role="owner", branch_ids=[], is_active=True)
    with pytest.raises(BeyondOwnRights):
        edit_member(manager, member_id=owner.member_id, name="A", role="teacher", branch_ids=[], is_active=True)
    change_rights(manager, given={cashier.pk: ["people.edit"]}, taken={})
    assert "finance.back_date" not in role(by, "cashier").rights


def test_who_works_in_some_branches_changes_nothing_for_all(by):
    owner = replace(owner_of(by), branch_ids=frozenset({1}))
    pk = role(by, "cashier").pk
    for deed in (
        lambda: change_rights(owner, given={pk: ["people.edit"]}, taken={}),
        lambda: add_role(owner, name="X", copy_of=pk),
        lambda: rename_role(owner, role_id=pk, name="X"),
        lambda: delete_role(owner, role_id=pk),
        lambda: require_two_steps(owner),
        lambda: change_settings(owner, name="X", activation_day_counts=False),
    ):
        with pytest.raises(CentreAsAWhole):
            deed()


@pytest.mark.parametrize("branches", ["all", "both", "other"])
def test_who_works_in_some_branches_neither_decides_over_nor_comes_in_as_who_works_elsewhere(by, branches):
    first, site = a_branch(by), "http://testserver"
    second = add_branch(by, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    where = {"all": [], "both": [first.pk, second.pk], "other": [first.pk]}[branches]
    limited = replace(owner_of(by), branch_ids=frozenset({second.pk}))
    row = invite(by, email="k@x.example", name="K", role="cashier", branch_ids=where, site=site)
    known = {"member_id": row.member_id, "name": "K", "role": "cashier", "branch_ids": [second.pk], "is_active": False}
    for deed in (
        lambda: edit_member(limited, **known),
        lambda: note_invitation_mailed(limited, invitation_id=row.pk, nonce=row.nonce),
        lambda: send_invitation_again(limited, invitation_id=row.pk, site=site),
        lambda: withdraw_invitation(limited, invitation_id=row.pk),
    ):
        with pytest.raises(WorksElsewhere):
            deed()
    edit_member(by, **known | {"is_active": True})
    note_invitation_mailed(limited, invitation_id=row.pk, nonce=row.nonce)
    edit_member(limited, **known)


@pytest.mark.parametrize("code", ["ledger.post", "tuition.charge", "finance.everything"])
def test_what_no_role_may_hold_is_not_given_by_an_owner_either(by, code):
    with pytest.raises(NotFound):
        change_rights(owner_of(by), given={role(by, "cashier").pk: [code]}, taken={})


def test_without_the_right_to_manage_no_role_is_touched(by):
    cashier = a_member(by, "Kamola", "cashier")
    pk = role(by, "cashier").pk
    for deed in (
        lambda: change_rights(cashier, given={pk: ["courses.view"]}, taken={}),
        lambda: add_role(cashier, name="X", copy_of=pk),
        lambda: rename_role(cashier, role_id=pk, name="X"),
        lambda: delete_role(cashier, role_id=pk),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_a_role_of_the_centres_own_is_copied_renamed_and_deleted_when_nobody_has_it(by):
    own = add_role(by, name="Reception", copy_of=role(by, "cashier").pk)
    assert own.rights == PERMISSIONS[BuiltIn.CASHIER]
    with pytest.raises(NameTaken):
        add_role(by, name="Reception", copy_of=own.pk)
    with pytest.raises(RoleNameless):
        rename_role(by, role_id=own.pk, name="")
    rename_role(by, role_id=own.pk, name="Front desk")
    member = add_member(by, name="Kamola", role=own.pk)
    with pytest.raises(RoleInUse):
        delete_role(by, role_id=own.pk)
    edit_member(by, member_id=member.pk, name="Kamola", role="teacher", branch_ids=[], is_active=True)
    delete_role(by, role_id=own.pk)
    assert not Role.objects.visible_to(by).filter(code="").exists()


def test_a_built_in_role_is_renamed_and_called_as_before_but_not_deleted(by):
    cashier = role(by, "cashier")
    rename_role(by, role_id=cashier.pk, name="Till")
    assert str(role(by, "cashier")) == "Till"
    rename_role(by, role_id=cashier.pk, name="")
    assert str(role(by, "cashier")) == "Cashier"
    with pytest.raises(RoleIsBuiltIn):
        delete_role(by, role_id=cashier.pk)


def test_a_right_this_release_does_not_know_counts_for_nothing(by):
    row = role(by, "cashier")
    row.permissions = [*row.permissions, "gone.verb"]
    row.save()
    assert "gone.verb" not in role(by, "cashier").rights


def test_an_owner_who_never_signs_in_does_not_count_as_one_who_is_left(by):
    from daftar.orgs.services import LastOwner

    owner = owner_of(by)
    add_member(by, name="Invited", role="owner")
    with pytest.raises(LastOwner):
        edit_member(by, member_id=owner.member_id, name="A", role="teacher", branch_ids=[], is_active=True)


def test_the_last_owner_of_all_branches_is_not_kept_to_one(by):
    """Nobody could change roles any more, nor give anybody all branches again."""
    from daftar.orgs.services import LastOwner

    owner, first = owner_of(by), a_branch(by)
    known = {"member_id": owner.member_id, "name": "A", "role": "owner", "is_active": True}
    add_member(by, name="B", role="owner", branch_ids=[first.pk], email="b@lingua.example", password=PASSWORD)
    with pytest.raises(LastOwner):
        edit_member(owner, **known, branch_ids=[first.pk])
    add_member(by, name="C", role="owner", email="c@lingua.example", password=PASSWORD)
    edit_member(owner, **known, branch_ids=[first.pk])


def test_rights_branches_and_clock_take_one_statement(by, django_assert_num_queries):
    member = add_member(by, name="Kamola", role="cashier", email="k@lingua.example", password=PASSWORD)
    actor, row = actor_for(member.user_id, by.org_slug, "en")
    with django_assert_num_queries(1):
        now = settled(actor, row, places_of(actor, row))
    assert (now.timezone, now.branch_ids, now.permissions) == (
        "Asia/Tashkent", None, PERMISSIONS[BuiltIn.CASHIER],
    )  # fmt: skip


def test_who_works_in_no_branch_any_more_has_the_rights_and_sees_nothing(by):
    member = add_member(by, name="Kamola", role="cashier", email="k@lingua.example", password=PASSWORD)
    member.all_branches = False
    member.save()
    now = acting(by, member)
    assert (now.branch_ids, now.permissions) == (frozenset(), PERMISSIONS[BuiltIn.CASHIER])


def test_a_neighbours_role_is_given_to_nobody(by):
    from daftar.lib.tenancy import tenant_transaction
    from tests.cast import a_centre

    other = a_centre("other")
    with tenant_transaction(other.org_id):
        foreign = role(other, "cashier").pk
    for deed in (
        lambda: add_member(by, name="X", role=foreign),
        lambda: change_rights(by, given={foreign: ["people.edit"]}, taken={}),
        lambda: add_role(replace(by), name="X", copy_of=foreign),
    ):
        with pytest.raises(NotFound):
            deed()
