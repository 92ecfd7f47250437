"""Verbs on the organization, its branches and its members."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.events import BranchOpened, TuitionSettingsChanged
from daftar.orgs.models import Branch, Member, MemberBranch, Organization, User
from daftar.orgs.roles import Role

if TYPE_CHECKING:
    from collections.abc import Collection


class NameTaken(Refusal):
    """Another row of the same kind already has the name."""

    constraints = ("branch_name_once",)
    field = "name"
    text = _("There is one with this name already.")


class UnknownTimezone(Refusal):
    """No such time zone."""

    field = "timezone"
    text = _("There is no such time zone. Write it like Asia/Tashkent.")


class EmailTaken(Refusal):
    """The person works here already."""

    constraints = ("member_once",)
    field = "email"
    text = _("Someone with this e-mail works here already.")


class PasswordTooWeak(Refusal):
    """The password would be guessed."""

    field = "password"
    text = _("Choose a longer or less common password: at least 10 characters.")


class LastOwner(Refusal):
    """Nobody would be left to manage the centre."""

    field = "role"
    text = _("This is the last owner. Make someone else an owner first.")


class OutsideBranches(Refusal):
    """A branch that the actor does not work in."""

    field = "branch_ids"
    text = _("Choose among the branches of this centre.")


@verb("orgs.manage")
def change_settings(by: Actor, *, name: str, activation_day_counts: bool) -> None:
    """Sets the name of the centre and whether the lesson on the day of activation is charged (decision D1)."""
    org = Organization.objects.select_for_update(no_key=True).get(pk=by.org_id)
    was = {"name": org.name, "activation_day_counts": org.activation_day_counts}
    now = {"name": name, "activation_day_counts": activation_day_counts}
    if was == now:
        return
    org.name, org.activation_day_counts = name, activation_day_counts
    org.save(update_fields=["name", "activation_day_counts"])
    assert by.notes is not None
    differs = [key for key in now if was[key] != now[key]]
    was, now = {key: was[key] for key in differs}, {key: now[key] for key in differs}
    by.notes.append({"row": "organization", "id": org.pk, "name": name, "was": was, "now": now})
    if "activation_day_counts" in now:
        publish(by, TuitionSettingsChanged())


@verb("orgs.manage")
def add_branch(
    by: Actor, *, name: str, timezone: str, currency: str, language: str, address: str = "", phone: str = ""
) -> Branch:
    """Opens a branch with its clock, currency and language."""
    if timezone not in available_timezones():
        raise UnknownTimezone
    if Branch.objects.visible_to(by).filter(name=name).exists():
        raise NameTaken
    branch = add(
        by, Branch, name=name, timezone=timezone, currency=currency, language=language, address=address, phone=phone
    )
    publish(by, BranchOpened(branch.pk))
    return branch


@verb("orgs.manage")
def edit_branch(by: Actor, *, branch_id: int, name: str, language: str, address: str, phone: str) -> Branch:
    """Changes what may change in a branch; its clock and currency are those its money was counted in."""
    branch: Branch = Branch.objects.visible_to(by).select_for_update(no_key=True).one(pk=branch_id)
    if Branch.objects.visible_to(by).filter(name=name).exclude(pk=branch_id).exists():
        raise NameTaken
    change(by, branch, name=name, language=language, address=address, phone=phone)
    return branch


@verb("orgs.manage")
def add_member(
    by: Actor, *, name: str, role: str, branch_ids: Collection[int] = (), email: str = "", password: str = ""
) -> Member:
    """Takes someone on: without an e-mail a teacher who never signs in, without branches one who works in all."""
    user = _login(by, email, password, name) if email else None
    member = add(by, Member, name=name, role=Role(role).value, all_branches=not branch_ids, user=user)
    _set_branches(by, member, branch_ids)
    return member


@verb("orgs.manage")
def edit_member(
    by: Actor, *, member_id: int, name: str, role: str, branch_ids: Collection[int], is_active: bool
) -> Member:
    """Changes a member's name, role, branches, or ends the access at once."""
    # All owners are locked, in order, and then the member: of those who step down at once the last finds nobody else.
    rows = Member.objects.visible_to(by).select_for_update(no_key=True)
    owners = {row.pk for row in rows.filter(role=Role.OWNER, is_active=True).order_by("id")}
    member: Member = rows.one(pk=member_id)
    if member.role == Role.OWNER and not (is_active and role == Role.OWNER) and owners <= {member_id}:
        raise LastOwner
    change(by, member, name=name, role=Role(role).value, is_active=is_active, all_branches=not branch_ids)
    _set_branches(by, member, branch_ids)
    return member


def _set_branches(by: Actor, member: Member, branch_ids: Collection[int]) -> None:
    if by.branch_ids is not None and not branch_ids:
        raise OutsideBranches  # none chosen means all, which is more than the actor has
    wanted = set(branch_ids)
    rows = MemberBranch.objects.visible_to(by).filter(member=member)
    had = set(rows.values_list("branch_id", flat=True))
    if wanted == had:
        return
    known = Branch.objects.visible_to(by).filter(pk__in=wanted)
    if known.count() != len(wanted):
        raise OutsideBranches
    unwanted = rows.exclude(branch_id__in=wanted)
    (unwanted if by.branch_ids is None else unwanted.filter(branch_id__in=by.branch_ids)).delete()
    MemberBranch.objects.bulk_create(
        MemberBranch(org_id=by.org_id, member=member, branch=branch) for branch in known if branch.pk not in had
    )
    note(by, member, was={"branches": sorted(had)}, now={"branches": sorted(wanted)})


def _login(by: Actor, email: str, password: str, name: str) -> User:
    known = User.objects.filter(email=email.lower()).first()
    if known is not None:
        if Member.objects.visible_to(by).filter(user=known).exists():
            raise EmailTaken
        return known
    try:
        validate_password(password)
    except ValidationError as weak:
        raise PasswordTooWeak from weak
    return User.objects.create_user(email, password, name=name)
