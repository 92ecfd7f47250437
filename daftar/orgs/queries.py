"""Questions about the organization."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Subquery

from daftar.lib.compiled import compiled
from daftar.lib.errors import NotFound
from daftar.orgs.access import Actor, question
from daftar.orgs.models import AuditEntry, Branch, GroupDeed, Invitation, Member, MemberBranch, Organization, Role
from daftar.orgs.rules import ZeroBalance

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from daftar.lib.tenancy import Asker, TenantQuerySet
    from daftar.orgs.models import TenantModel

UNDO_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Membership:
    """One organization that a person may enter."""

    slug: str
    name: str


def memberships(user_id: int) -> list[Membership]:
    """Where the person who just signed in works; asked before there is an actor."""
    rows = Member.unguarded.filter(user_id=user_id, is_active=True).select_related("org").order_by("org__name", "id")
    return [Membership(row.org.slug, row.org.name) for row in rows]


@dataclass(frozen=True)
class _Nobody:
    """Who asks while it is not known yet for which organization."""

    org_id: None = None
    branch_ids: None = None


NOBODY: Any = _Nobody()


@compiled
def _member_at(_by: Asker, *, user_id: int, slug: str) -> Any:
    rows = Member.unguarded.select_related("org").filter(is_active=True, user__is_active=True)
    return rows.filter(user_id=user_id, org__slug=slug).order_by("id")


def actor_for(user_id: int, slug: str, language: str) -> tuple[Actor, Member]:
    """Who this person is in the organization at this address, and as which member; NotFound for strangers.

    Asked before the organization's transaction opens: members stand outside row-level security. `settled` adds
    the rights and the branches from inside.
    """
    found = _member_at(NOBODY, user_id=user_id, slug=slug)
    if not found:
        raise NotFound
    member: Member = found[0]
    actor = Actor(
        org_id=member.org_id,
        org_slug=slug,
        org_name=member.org.name,
        user_id=user_id,
        member_id=member.pk,
        name=member.name,
        permissions=frozenset(),
        branch_ids=None,
        at=datetime.now(UTC),
        timezone="UTC",
        language=language,
    )
    return actor, member


def places_of(by: Actor, member: Member) -> list[Branch]:
    """The branches the member works in, the oldest first, each with what the member's role may do.

    One statement for both, asked inside the organization's transaction at each request.
    """
    return _places(by, role_id=member.role_id, member_id=None if member.all_branches else member.pk)


@compiled
def _places(by: Asker, *, role_id: int, member_id: int | None) -> Any:
    role = Role.objects.visible_to(by).filter(pk=role_id)
    rows: Any = Branch.objects.visible_to(by).order_by("id")
    rows = rows.annotate(role_code=Subquery(role.values("code")), role_permissions=Subquery(role.values("permissions")))
    if member_id is None:
        return rows
    return rows.filter(pk__in=MemberBranch.objects.visible_to(by).filter(member_id=member_id).values("branch_id"))


def settled(by: Actor, member: Member, places: Sequence[Branch]) -> Actor:
    """The actor with the rights of the role, the branches the member works in and the clock of the first.

    What was given to a role, or taken, counts from the next request.
    """
    seen = None if member.all_branches else frozenset(branch.pk for branch in places)
    if not places:
        role: Role = Role.objects.visible_to(by).one(pk=member.role_id)
        return replace(by, permissions=role.rights, branch_ids=seen)
    first: Any = places[0]
    role = Role(code=first.role_code, permissions=first.role_permissions)
    return replace(by, permissions=role.rights, branch_ids=seen, timezone=first.timezone)


def system_actor(org_id: int, at: datetime | None = None) -> Actor:
    """The system itself acting for an organization, inside its transaction."""
    org = Organization.objects.get(pk=org_id)
    branch = Branch.unguarded.filter(org_id=org_id).order_by("id").first()
    return Actor(
        org_id=org_id,
        org_slug=org.slug,
        org_name=org.name,
        user_id=None,
        member_id=None,
        name="Daftar",
        permissions=frozenset(),
        branch_ids=None,
        at=at or datetime.now(UTC),
        timezone=branch.timezone if branch else "UTC",
        language=branch.language if branch else "en",
        is_trusted=True,
    )


@dataclass(frozen=True)
class TuitionSettings:
    """What a branch has decided about tuition; `rounding_step` None: the currency's smallest used unit."""

    rounding_step: int | None
    activation_day_counts: bool
    money_discount_per: str
    suspensions_extend: bool
    holidays_credited: bool
    several_discounts: str
    account_first: str
    unserved_lessons: str
    cancelled_lessons: str
    moved_lessons: str
    backdated_charges: str
    group_edges: str
    short_months: str
    archived_debtors: str
    zero_balance: str


def tuition_settings(branch: Branch) -> TuitionSettings:
    """The branch's own decisions, and for the others those of its organization, which must be loaded."""
    org = branch.org

    def decided(name: str) -> Any:
        own = getattr(branch, name)
        return getattr(org, name) if own in (None, "") else own

    return TuitionSettings(**{field.name: decided(field.name) for field in fields(TuitionSettings)})


@question("tuition.view")
def zero_is_due_in(by: Actor) -> frozenset[int]:
    """The branches that show a balance of zero as something to pay (decision D16)."""
    own, centre = Q(zero_balance=ZeroBalance.DUE), Q(zero_balance="", org__zero_balance=ZeroBalance.DUE)
    return frozenset(
        Branch.objects.visible_to(replace(by, branch_ids=None)).filter(own | centre).values_list("pk", flat=True)
    )


@question("courses.view")
def branches(by: Actor) -> list[Branch]:
    """The branches the actor works in, the oldest first."""
    return list(Branch.objects.visible_to(by).order_by("id"))


@question("courses.view")
def organization(by: Actor) -> Organization:
    """The actor's organization with its settings."""
    return Organization.objects.get(pk=by.org_id)


@question("courses.view")
def demo_until(by: Actor) -> date | None:
    """The day up to which a demo centre has been made, while it is being made; None for every other centre."""
    org = Organization.objects.get(pk=by.org_id)
    # A day is lived in its morning, so yesterday is up to date.
    behind = org.demo_until is not None and org.demo_until < by.today - timedelta(days=1)
    return org.demo_until if behind else None


@question("courses.view")
def teachers(by: Actor, *, former: bool = False) -> list[Member]:
    """Members who may lead a group, or (`former`) those who no longer work here, by name."""
    return list(Member.objects.visible_to(by).filter(is_active=not former).order_by("name", "id"))


@question("orgs.manage")
def members(by: Actor) -> TenantQuerySet[Member]:
    """Everyone who works here, by name, with the login if there is one."""
    return Member.objects.visible_to(by).select_related("user", "role").order_by("-is_active", "name", "id")


@question("orgs.manage")
def get_member(by: Actor, member_id: int) -> Member:
    """The member; NotFound when invisible."""
    return Member.objects.visible_to(by).select_related("role").one(pk=member_id)


@question("orgs.manage")
def roles(by: Actor) -> list[Role]:
    """The roles of the centre: those it began with, then its own, the oldest first."""
    return list(Role.objects.visible_to(by).order_by("id"))


@question("orgs.manage")
def get_role(by: Actor, role_id: int) -> Role:
    """The role; NotFound when invisible."""
    return Role.objects.visible_to(by).one(pk=role_id)


@question("orgs.manage")
def role_sizes(by: Actor) -> dict[int, int]:
    """How many members with access each role has; those whom nobody has are left out."""
    rows = Member.objects.visible_to(by).filter(is_active=True).values_list("role_id")
    return dict(rows.annotate(count=Count("pk")).order_by())


@question("orgs.manage")
def invitations(by: Actor) -> dict[int, Invitation]:
    """The invitation of each member who was invited and has not come in."""
    return {row.member_id: row for row in Invitation.objects.visible_to(by).filter(accepted_at=None)}


@question("orgs.manage")
def get_invitation(by: Actor, invitation_id: int) -> Invitation:
    """The invitation with its member; NotFound when invisible."""
    return Invitation.objects.visible_to(by).select_related("member__role").one(pk=invitation_id)


@question("orgs.manage")
def get_branch(by: Actor, branch_id: int) -> Branch:
    """The branch; NotFound when invisible."""
    return Branch.objects.visible_to(by).one(pk=branch_id)


@question("orgs.manage")
def member_branches(by: Actor) -> dict[int, list[int]]:
    """Ids of the branches of each member who does not work in all."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = MemberBranch.objects.visible_to(by).order_by("branch_id")
    for member_id, branch_id in rows.values_list("member_id", "branch_id"):
        found[member_id].append(branch_id)
    return found


@question("orgs.see_history")
def history(by: Actor, *, subject: str = "", before_id: int | None = None, limit: int = 50) -> Sequence[AuditEntry]:
    """What was done, the newest first; `subject` like `student:17` narrows it to one row."""
    rows = AuditEntry.objects.visible_to(by).order_by("-id")
    if subject:
        rows = rows.filter(subject=subject)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return list(rows[:limit])


@question("orgs.see_history")
def history_of_group(
    by: Actor, group_id: int, *, kinds: Collection[str] = (), subjects: Collection[str] = (),
    before_id: int | None = None, limit: int = 50,
) -> Sequence[AuditEntry]:  # fmt: skip
    """What was done to a group and to what is of it, the newest first; the caller knows that the group is visible.

    `kinds` narrows it to what was done to rows of these names; empty: all. `subjects` are told besides: rows like
    `topic:3` that several groups share.
    """
    links = GroupDeed.objects.visible_to(by).filter(group_id=group_id).order_by("-entry_id")
    shared = AuditEntry.objects.visible_to(by).filter(subject__in=subjects).order_by("-id")
    if kinds:
        links = links.filter(kind__in=kinds)
    if before_id is not None:
        links, shared = links.filter(entry_id__lt=before_id), shared.filter(id__lt=before_id)
    # Only then the rows themselves: joined, the database might read them from the newest on, whatever they are about.
    ids = set(links.values_list("entry_id", flat=True)[:limit])
    ids |= set(shared.values_list("pk", flat=True)[:limit]) if subjects else set()
    rows = AuditEntry.objects.visible_to(by).filter(pk__among=sorted(ids, reverse=True)[:limit])
    return list(rows.order_by("-id"))


@question("courses.view")
def own_last_deed(by: Actor, row: TenantModel, *verbs: str) -> AuditEntry | None:
    """What was done last to a row, while the actor may take it back; else None.

    It was one of these verbs, by the same member, within ten minutes, and nobody did anything to the row since.
    """
    subject = f"{type(row).__name__.lower()}:{row.pk}"
    deed = AuditEntry.objects.visible_to(by).filter(subject=subject).order_by("-id").first()
    is_own = deed is not None and deed.member_id == by.member_id and by.at - deed.at <= UNDO_WITHIN
    return deed if deed is not None and is_own and deed.verb in verbs else None


def today_in(by: Actor, branch: Branch) -> date:
    """The date in a branch at the moment of acting."""
    return by.at.astimezone(ZoneInfo(branch.timezone)).date()
