"""Tables of organizations and of the people who work in them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from daftar.lib.tenancy import TenantManager
from daftar.orgs.roles import GRANTABLE, BuiltIn
from daftar.orgs.rules import ANSWERS, usual


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail, however it was capitalised."""

    def create_user(self, email: str, password: str | None, *, name: str) -> User:
        """A login; without a password it cannot sign in yet."""
        user = self.model(email=email.lower(), name=name)
        user.set_password(password)
        user.save(force_insert=True)
        return user


class User(AbstractBaseUser):
    """A person who can sign in; may be a member of several organizations."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    is_active = models.BooleanField(default=True)
    # Chosen on a page; in it letters are written. Empty: never chosen.
    language = models.CharField(max_length=5, blank=True, default="")

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class DiscountPer(models.TextChoices):
    """What a discount in money is off (decision D4)."""

    SUBSCRIPTION = "subscription", _("the price of the subscription")
    LESSON = "lesson", _("the price of each lesson")


class Unmarked(models.TextChoices):
    """What becomes of a lesson that nobody marked by the end of its day."""

    PRESENT = "present", _("Everyone was there")
    ABSENT = "absent", _("Nobody was there, without a reason")


class MarksBegin(models.TextChoices):
    """What the page of a lesson begins with for whoever is not marked yet."""

    PRESENT = "present", _("Everyone is present")
    UNMARKED = "unmarked", _("Nobody is marked")


def _answer(name: str, *, of_a_branch: bool = False) -> Any:
    """The column of a decision with named answers; a branch may leave it empty."""
    choices = [(each.value, each.value) for each in ANSWERS[name]]
    if of_a_branch:
        return models.CharField(max_length=12, choices=choices, blank=True, default="")
    return models.CharField(max_length=12, choices=choices, default=usual(name).value)


def _answers_exist(*also: str) -> models.Q:
    """Each decision has one of its answers, or (`also`) none."""
    conditions = models.Q()
    for name, answers in ANSWERS.items():
        conditions &= models.Q(**{f"{name}__in": [*also, *(each.value for each in answers)]})
    return conditions


class Organization(models.Model):
    """A company that uses Daftar."""

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    # Minor units that amounts are rounded to; empty: the currency's smallest used unit (decision D2).
    rounding_step = models.PositiveIntegerField(null=True, blank=True)
    # Decision D1: whether the lesson on the day of activation is charged.
    activation_day_counts = models.BooleanField(default=True)
    # Decision D4: what a discount in money is off that does not say so itself.
    money_discount_per = models.CharField(max_length=12, choices=DiscountPer.choices, default=DiscountPer.SUBSCRIPTION)
    # Decision D7: whether a pause moves the end of a subscription, unless said otherwise when it is entered.
    suspensions_extend = models.BooleanField(default=True)
    # Decision D9a: whether a holiday that affects payment is credited, or else leaves the count.
    holidays_credited = models.BooleanField(default=False)
    # Decisions D5, D6, D8, D9, D10, D12, D13, D14, D15 and D16, in this order; the answers stand in rules.py.
    several_discounts = _answer("several_discounts")
    account_first = _answer("account_first")
    unserved_lessons = _answer("unserved_lessons")
    cancelled_lessons = _answer("cancelled_lessons")
    moved_lessons = _answer("moved_lessons")
    backdated_charges = _answer("backdated_charges")
    group_edges = _answer("group_edges")
    short_months = _answer("short_months")
    archived_debtors = _answer("archived_debtors")
    zero_balance = _answer("zero_balance")
    # Percent off for the second and further children of one payer; empty: none.
    sibling_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    # Whoever works here and has no second step of signing in is led to set it up before any page.
    requires_two_steps = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    # The last day that the demo centre has lived through; empty for every other.
    demo_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="organization_answers_exist", condition=_answers_exist())]

    def __str__(self) -> str:
        return self.name


class TenantModel(models.Model):
    """A row that belongs to one organization."""

    # Without an index, and a key only where no other proves it: config/postgres (decision 0022).
    org = models.ForeignKey(Organization, models.PROTECT, related_name="+")

    objects: ClassVar[TenantManager] = TenantManager()
    # What Django itself reads and writes through (save, refresh, cascades); the domain has no business here.
    unguarded: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "unguarded"


class Branch(TenantModel):
    """A place of an organization: its clock, its money, its rooms and desks."""

    branch_path = "id"

    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=5, default="en")
    address = models.CharField(max_length=200, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    # Instead of the organization's settings of the same names; null or empty: as the organization.
    rounding_step = models.PositiveIntegerField(null=True, blank=True)
    activation_day_counts = models.BooleanField(null=True, blank=True)
    money_discount_per = models.CharField(max_length=12, choices=DiscountPer.choices, blank=True, default="")
    suspensions_extend = models.BooleanField(null=True, blank=True)
    holidays_credited = models.BooleanField(null=True, blank=True)
    # When the doors are open, local time; empty: not said, and no lesson lies outside.
    opens_at = models.TimeField(null=True, blank=True)
    closes_at = models.TimeField(null=True, blank=True)
    # Whether two lessons at once in one room, or of one teacher, are refused; otherwise they are only marked.
    blocks_rooms = models.BooleanField(default=False)
    blocks_teachers = models.BooleanField(default=False)
    # Whether a group with no free place takes nobody; otherwise it is only marked.
    blocks_capacity = models.BooleanField(default=True)
    # A mark older than so many days is corrected with a reason; empty: no reason is asked for.
    correction_days = models.PositiveSmallIntegerField(null=True, blank=True, default=7)
    # What becomes of a lesson that nobody marked by the end of its day; empty: it stays on the list of the forgotten.
    unmarked_become = models.CharField(max_length=10, choices=Unmarked.choices, blank=True, default="")
    # How whoever is not marked stands on the page of a lesson; a group may say otherwise.
    marks_begin = models.CharField(max_length=10, choices=MarksBegin.choices, default=MarksBegin.PRESENT)
    # From which hour on, local time, teachers are written to about lessons of the day that they did not mark; empty: no
    # letter. The links lead where the installation answered whoever switched it on.
    nudge_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    nudge_site = models.CharField(max_length=200, blank=True, default="")
    several_discounts = _answer("several_discounts", of_a_branch=True)
    account_first = _answer("account_first", of_a_branch=True)
    unserved_lessons = _answer("unserved_lessons", of_a_branch=True)
    cancelled_lessons = _answer("cancelled_lessons", of_a_branch=True)
    moved_lessons = _answer("moved_lessons", of_a_branch=True)
    backdated_charges = _answer("backdated_charges", of_a_branch=True)
    group_edges = _answer("group_edges", of_a_branch=True)
    short_months = _answer("short_months", of_a_branch=True)
    archived_debtors = _answer("archived_debtors", of_a_branch=True)
    zero_balance = _answer("zero_balance", of_a_branch=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "name"], name="branch_name_once"),
            models.CheckConstraint(
                name="branch_hours_both",
                condition=models.Q(opens_at=None, closes_at=None) | models.Q(closes_at__gt=models.F("opens_at")),
            ),
            models.CheckConstraint(
                name="branch_unmarked_known", condition=models.Q(unmarked_become__in=["", *Unmarked.values])
            ),
            models.CheckConstraint(name="branch_marks_begin", condition=models.Q(marks_begin__in=MarksBegin.values)),
            models.CheckConstraint(
                name="branch_nudge_hour", condition=models.Q(nudge_hour=None) | models.Q(nudge_hour__range=(0, 23))
            ),
            models.CheckConstraint(name="branch_answers_exist", condition=_answers_exist("")),
        ]

    def __str__(self) -> str:
        return self.name


class Role(TenantModel):
    """A named set of permissions: one of those every centre begins with, or the centre's own."""

    # Empty: the centre's own.
    code = models.CharField(
        max_length=20, blank=True, default="", choices=[(each.value, each.label) for each in BuiltIn]
    )
    # Empty: the name of the built-in role in the reader's language.
    name = models.CharField(max_length=80, blank=True, default="")
    permissions = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "code"], name="role_built_in_once", condition=~models.Q(code="")),
            models.UniqueConstraint(fields=["org", "name"], name="role_name_once", condition=~models.Q(name="")),
            models.CheckConstraint(name="role_is_called_something", condition=~models.Q(code="", name="")),
            models.CheckConstraint(
                name="role_code_known", condition=models.Q(code__in=["", *(each.value for each in BuiltIn)])
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(BuiltIn(self.code).label)

    @property
    def is_owner(self) -> bool:
        """Whether it is the role that always holds everything."""
        return self.code == BuiltIn.OWNER

    @property
    def rights(self) -> frozenset[str]:
        """What it permits now; what this release does not know is left out."""
        return GRANTABLE if self.is_owner else GRANTABLE & frozenset(self.permissions)


class Member(TenantModel):
    """A person who works in an organization; a teacher may be without a login."""

    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    name = models.CharField(max_length=200)
    role = models.ForeignKey(Role, models.PROTECT, related_name="+")
    all_branches = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "user"], name="member_once")]
        indexes = [models.Index(fields=["user"], name="member_user")]

    def __str__(self) -> str:
        return self.name


class MemberBranch(TenantModel):
    """A branch that a member works in."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "member", "branch"], name="member_branch_once")]

    def __str__(self) -> str:
        return f"{self.member} · {self.branch}"


class Door(TenantModel):
    """What a link or key that was given out opens, found by the hash of its secret before the organization is known.

    It stands outside row-level security and tells nothing but the organization; the rest is asked inside of it.
    """

    hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=20, choices=[("invitation", "invitation"), ("calendar", "calendar")])
    made_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "hash"], name="door_once")]
        indexes = [models.Index(fields=["hash"], name="door_by_hash")]

    def __str__(self) -> str:
        return self.kind


class Invitation(TenantModel):
    """A member who was invited by e-mail and has not come in yet, or how they came in."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    # The door of the newest letter: an older letter opens nothing any more.
    door = models.ForeignKey(Door, models.PROTECT, related_name="+")
    email = models.EmailField()
    # With the installation's key it makes the secret of the link, which stands nowhere itself.
    nonce = models.CharField(max_length=64)
    language = models.CharField(max_length=5)
    invited_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "member"], name="invitation_of_member_once")]

    def __str__(self) -> str:
        return self.email


class AuditEntry(TenantModel):
    """What one verb changed, when and by whom; the database refuses to alter or delete it."""

    branch_path = "branch_id"

    at = models.DateTimeField()
    # Where it happened; null: in the centre as a whole, told only to those who work in all branches.
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, db_index=False, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, db_index=False, related_name="+")
    actor = models.CharField(max_length=200)
    verb = models.CharField(max_length=80)
    subject = models.CharField(max_length=60)
    # [{"row": "student", "id": 1, "name": "…", "was": {…}, "now": {…}}]; "was" is null for a new row.
    changes = models.JSONField()

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["org", "-at", "-id"], name="audit_newest"),
            models.Index(fields=["org", "subject", "-id"], name="audit_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb}"


class GroupDeed(TenantModel):
    """That an audit row is about a group or something of it: found newest first, also when that thing is gone by now.

    Written with the audit row, and like it never altered. The group is named by id: its table lies in a package above.
    """

    branch_path = "branch_id"

    entry = models.ForeignKey(AuditEntry, models.PROTECT, db_index=False, related_name="+")
    # The entry's, so that it is found without a look at the entries.
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, db_index=False, related_name="+")
    group_id = models.BigIntegerField()
    # What of the group was noted first, as the audit row names it: `group`, `enrolment`, `lesson`, and so on.
    kind = models.CharField(max_length=40)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "entry", "group_id"], name="deed_of_group_once")]
        indexes = [
            models.Index(fields=["org", "group_id", "-entry"], include=["kind", "branch"], name="deeds_of_group")
        ]

    def __str__(self) -> str:
        return f"group:{self.group_id}"


class KeptView(TenantModel):
    """Filters of a list that a member keeps under a name: its route, and the query of its address without "?"."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    of = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=1000)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "member", "of", "name"], name="kept_view_name_once")]

    def __str__(self) -> str:
        return self.name
