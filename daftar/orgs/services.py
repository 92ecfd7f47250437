"""Verbs on the organization, its branches and its members."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.orgs.doors import INVITATION, hash_of, new_nonce, secret_of
from daftar.orgs.events import BranchOpened, InvitationIssued, TuitionSettingsChanged
from daftar.orgs.models import Branch, Door, Invitation, Member, MemberBranch, Organization, Role, User
from daftar.orgs.roles import GRANTABLE, PERMISSIONS, BuiltIn

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

INVITATION_LASTS = timedelta(days=7)


class NameTaken(Refusal):
    """Another row of the same kind already has the name."""

    constraints = ("branch_name_once", "role_name_once")
    field = "name"
    text = _("There is one with this name already.")


class RoleNameless(Refusal):
    """What has no name could not be chosen."""

    field = "name"
    text = _("Write a name.")


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


class InvitationUsed(Refusal):
    """Someone came in by it already."""

    text = _("This invitation was used already. Sign in with the login you chose then.")


class InvitationExpired(Refusal):
    """It was not used in time."""

    text = _("This invitation was valid for 7 days and has ended. Ask the centre for a new one.")


class InvitationWithdrawn(Refusal):
    """The centre thought better of it."""

    text = _("The centre has withdrawn this invitation. Ask them if you did not expect that.")


class InvitationReplaced(Refusal):
    """A newer letter was sent, or there never was such a link."""

    text = _("This link leads nowhere any more. If there is a newer letter, use the link in it; else ask the centre.")


class LoginExists(Refusal):
    """The invited address has a login already."""

    field = "password"
    text = _("There is a login with this e-mail already. Sign in with it first.")


class BeyondOwnRights(Refusal):
    """Nobody gives, or changes, what they do not have themselves."""

    field = "role"
    text = _("This role may do more than you do. Ask an owner.")


class OwnersHoldAll(Refusal):
    """The owner's role always holds everything."""

    text = _("An owner may always do everything.")


class CentreAsAWhole(Refusal):
    """It holds in every branch, so it is not for someone who works in some."""

    text = _("This holds in every branch. Only someone who works in all of them can change it.")


class RoleInUse(Refusal):
    """A role that somebody has."""

    text = _("Someone has this role, or had it. Give them another one first.")


class RoleIsBuiltIn(Refusal):
    """A role that every centre has."""

    text = _("Every centre has this role. It can be changed, not deleted.")


class OutsideBranches(Refusal):
    """A branch that the actor does not work in."""

    field = "branch_ids"
    text = _("Choose among the branches of this centre.")


class WorksElsewhere(Refusal):
    """Someone whose branches reach beyond the actor's."""

    text = _("This person also works where you do not. Ask someone who works in all branches.")


@verb("orgs.manage")
def change_settings(by: Actor, *, name: str, activation_day_counts: bool | None = None) -> None:
    """Sets the name of the centre and, unless None, whether the day of activation is charged (decision D1)."""
    check_whole(by)
    org = Organization.objects.select_for_update(no_key=True).get(pk=by.org_id)
    counts = org.activation_day_counts if activation_day_counts is None else activation_day_counts
    was = {"name": org.name, "activation_day_counts": org.activation_day_counts}
    now = {"name": name, "activation_day_counts": counts}
    if was == now:
        return
    org.name, org.activation_day_counts = name, counts
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
    """Opens a branch with its clock, currency and language; for those who work in all of them."""
    check_whole(by)
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
    by: Actor, *, name: str, role: int | str, branch_ids: Collection[int] = (), email: str = "", password: str = ""
) -> Member:
    """Takes someone on: without an e-mail a teacher who never signs in, without branches one who works in all.

    `role` is the id of a role, or the code of one that every centre has.
    """
    held = _role(by, role)
    user = _login(by, email, password, name) if email else None
    member = add(by, Member, name=name, role=held, all_branches=not branch_ids, user=user)
    _set_branches(by, member, branch_ids)
    return member


@verb("orgs.manage")
def edit_member(
    by: Actor, *, member_id: int, name: str, role: int | str, branch_ids: Collection[int], is_active: bool
) -> Member:
    """Changes a member's name, role, branches, or ends the access at once."""
    # All owners are locked, in order, and then the member: of those who step down at once the last finds nobody else.
    # Rows are locked without joining their role: a role that changed meanwhile would make the row vanish.
    rows = Member.objects.visible_to(by).select_for_update(no_key=True)
    owner: Role = Role.objects.visible_to(by).get(code=BuiltIn.OWNER)
    # One who never signs in could manage nothing, and one of some branches not what holds in all.
    able = rows.filter(role_id=owner.pk, is_active=True, all_branches=True, user__isnull=False)
    owners = {row.pk for row in able.order_by("id")}
    member: Member = rows.one(pk=member_id)
    wanted = _role(by, role)
    _check_over(by, member)
    stays = is_active and wanted == owner and not branch_ids
    if member.role_id == owner.pk and not stays and owners <= {member_id}:
        raise LastOwner
    change(by, member, name=name, role=wanted, is_active=is_active, all_branches=not branch_ids)
    _set_branches(by, member, branch_ids)
    return member


@verb("orgs.manage")
def invite(by: Actor, *, email: str, name: str, role: int | str, branch_ids: Collection[int], site: str) -> Invitation:
    """Invites someone by e-mail: a member who can do nothing until coming in by the link of the letter."""
    known = Member.objects.visible_to(by).filter(user__email=email.lower()).exists()
    if known or Invitation.objects.visible_to(by).filter(email=email.lower(), accepted_at=None).exists():
        raise EmailTaken
    member = add_member(by, name=name, role=role, branch_ids=branch_ids)
    row = Invitation(org_id=by.org_id, member=member, email=email.lower(), language=_letter_language(by, branch_ids))
    _issue(by, row, site)
    return row


@verb("orgs.manage")
def send_invitation_again(by: Actor, *, invitation_id: int, site: str) -> Invitation:
    """A new letter with a new link and seven more days; the link of the older letter ends."""
    row = _pending_invitation(by, invitation_id)
    _check_over(by, row.member)
    change(by, row.member, is_active=True)
    _issue(by, row, site)
    note(by, row.member, was={}, now={"expires_at": row.expires_at})
    return row


@verb("orgs.manage")
def withdraw_invitation(by: Actor, *, invitation_id: int) -> None:
    """Ends an invitation that nobody has used: its link opens nothing."""
    row = _pending_invitation(by, invitation_id)
    _check_over(by, row.member)
    row.withdrawn_at = by.at
    row.save(update_fields=["withdrawn_at"])
    note(by, row.member, was={}, now={"withdrawn_at": by.at})
    change(by, row.member, is_active=False)


@verb("orgs.manage")
def note_invitation_mailed(by: Actor, *, invitation_id: int, nonce: str) -> None:
    """Remembers that the letter with the link of this nonce has left, or that the link was shown to be handed over.

    A letter that was under way while a newer one was wanted says nothing of the newer one.
    """
    row = _pending_invitation(by, invitation_id)
    _check_over(by, row.member)  # whoever sees the link could come in by it
    if row.nonce == nonce:
        row.mailed_at = by.at
        row.save(update_fields=["mailed_at"])


@verb("orgs.manage")
def join(by: Actor, *, door_id: int, user_id: int | None, name: str = "", password: str = "") -> User:
    """Who was invited comes in: with the login they have, or with a new one for the invited address."""
    row = open_invitation(by, door_id)
    if user_id is not None:
        user = User.objects.get(pk=user_id)
        if Member.objects.visible_to(by).filter(user=user).exists():
            raise EmailTaken
    else:
        if User.objects.filter(email=row.email).exists():
            raise LoginExists
        user = _login(by, row.email, password, name)
    row.accepted_at = by.at
    row.save(update_fields=["accepted_at"])
    change(by, row.member, name=name or user.name, user=user)
    return user


def open_invitation(by: Actor, door_id: int) -> Invitation:
    """The invitation behind a door, locked, if someone may still come in by it; else the reason why not."""
    rows = Invitation.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    row: Invitation | None = rows.select_related("member__role").filter(door_id=door_id).first()
    if row is None:
        raise InvitationReplaced
    if row.accepted_at is not None:
        raise InvitationUsed
    if row.withdrawn_at is not None or not row.member.is_active:
        raise InvitationWithdrawn
    if row.expires_at <= by.at:
        raise InvitationExpired
    return row


def _pending_invitation(by: Actor, invitation_id: int) -> Invitation:
    rows = Invitation.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("member__role")
    row: Invitation = rows.one(pk=invitation_id)
    if row.accepted_at is not None:
        raise InvitationUsed
    return row


def _issue(by: Actor, row: Invitation, site: str) -> None:
    """Gives the invitation a new secret and seven days, and wants its letter sent."""
    row.nonce = new_nonce()
    row.door = Door.objects.create(
        org_id=by.org_id, hash=hash_of(secret_of(row.nonce)), kind=INVITATION, made_at=by.at
    )  # fmt: skip
    row.invited_by, row.expires_at = by.name, by.at + INVITATION_LASTS
    row.mailed_at = row.withdrawn_at = None
    row.save()
    publish(by, InvitationIssued(row.pk, site))


def _letter_language(by: Actor, branch_ids: Collection[int]) -> str:
    places = Branch.objects.visible_to(by).order_by("id")
    return str((places.filter(pk__in=branch_ids) if branch_ids else places)[0].language)


@verb("orgs.manage")
def require_two_steps(by: Actor) -> None:
    """Whoever works here and has no second step is led to set it up before any page."""
    _require(by, required=True)


@verb("orgs.manage")
def stop_requiring_two_steps(by: Actor) -> None:
    """Leaves it to each person whether they sign in with a second step."""
    _require(by, required=False)


def _require(by: Actor, *, required: bool) -> None:
    check_whole(by)
    org = Organization.objects.select_for_update(no_key=True).get(pk=by.org_id)
    was, org.requires_two_steps = org.requires_two_steps, required
    if was == required:
        return
    org.save(update_fields=["requires_two_steps"])
    assert by.notes is not None
    values = {"was": {"requires_two_steps": was}, "now": {"requires_two_steps": required}}
    by.notes.append({"row": "organization", "id": org.pk, "name": org.name, **values})


@verb("orgs.manage")
def begin_roles(by: Actor) -> None:
    """The roles that every centre begins with; the owner's needs no list."""
    for code in BuiltIn:
        rights = [] if code is BuiltIn.OWNER else sorted(PERMISSIONS[code])
        add(by, Role, code=code.value, permissions=rights)


@verb("orgs.manage")
def add_role(by: Actor, *, name: str, copy_of: int) -> Role:
    """A role of the centre's own, which may do what another may and is changed from there."""
    check_whole(by)
    like = _role(by, copy_of)
    if Role.objects.visible_to(by).filter(name=name).exists():
        raise NameTaken
    return add(by, Role, name=name, permissions=sorted(like.rights))


@verb("orgs.manage")
def rename_role(by: Actor, *, role_id: int, name: str) -> Role:
    """Calls a role as the centre calls it; without a name a built-in one is called as in every centre."""
    check_whole(by)
    role = _role(by, role_id)
    if not name and not role.code:
        raise RoleNameless
    if name and Role.objects.visible_to(by).filter(name=name).exclude(pk=role_id).exists():
        raise NameTaken
    change(by, role, name=name)
    return role


@verb("orgs.manage")
def delete_role(by: Actor, *, role_id: int) -> None:
    """Removes a role of the centre's own that nobody has."""
    check_whole(by)
    role = _role(by, role_id)
    if role.code:
        raise RoleIsBuiltIn
    if Member.objects.visible_to(by).filter(role=role).exists():
        raise RoleInUse
    note(by, role, was={"name": role.name}, now={"name": None})
    role.delete()


@verb("orgs.manage")
def change_rights(by: Actor, *, given: Mapping[int, Collection[str]], taken: Mapping[int, Collection[str]]) -> None:
    """Gives rights to roles and takes some away, by the roles' ids; whoever has the role acts so from the next request.

    What is to change is said, not how all should be in the end: of two who change at once none undoes the other.
    """
    check_whole(by)
    for role_id in sorted({*given, *taken}):
        role = _role(by, role_id)
        if role.is_owner:
            raise OwnersHoldAll
        was = set(role.permissions)
        now = (was | set(given.get(role_id, ()))) - set(taken.get(role_id, ()))
        if not now - was <= GRANTABLE:
            raise NotFound
        if not by.is_trusted and not now - was <= by.permissions:
            raise BeyondOwnRights
        if now != was:
            role.permissions = sorted(now)
            role.save(update_fields=["permissions"])
            rights = {"given": sorted(now - was), "taken": sorted(was - now)}
            note(by, role, was=dict.fromkeys(rights), now=rights)


def _role(by: Actor, role: int | str) -> Role:
    """The role by its id or built-in code, kept from being deleted or changed meanwhile, if it is within own rights."""
    key: dict[str, object] = {"pk": role} if isinstance(role, int) else {"code": BuiltIn(role).value}
    found: Role = Role.objects.visible_to(by).select_for_update(no_key=True).one(**key)
    _check_within(by, found)
    return found


def check_whole(by: Actor) -> None:
    """Refuses those who work in some branches only."""
    if by.branch_ids is not None:
        raise CentreAsAWhole


def _check_within(by: Actor, role: Role) -> None:
    if not by.is_trusted and not role.rights <= by.permissions:
        raise BeyondOwnRights


def _check_over(by: Actor, member: Member) -> None:
    """Nobody decides over, or could come in as, someone who may do more or works in more branches."""
    _check_within(by, member.role)
    if by.branch_ids is None:
        return
    places = MemberBranch.objects.visible_to(by).filter(member=member)
    if member.all_branches or places.exclude(branch_id__in=by.branch_ids).exists():
        raise WorksElsewhere


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
    rows.exclude(branch_id__in=wanted).delete()
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


def remember_language(user_id: int, language: str) -> None:
    """In which language somebody is written to: a choice of one's own, in no organization."""
    User.objects.filter(pk=user_id).exclude(language=language).update(language=language)
