"""Tables of the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from daftar.orgs.models import Branch, Member, TenantModel
from daftar.people.models import Student


class AccountKind(models.TextChoices):
    """What an account holds."""

    STUDENT = "student", _("Student")
    SEPARATE = "separate", _("Subscription's own account")
    BONUS = "bonus", _("Bonuses")
    DESK = "desk", _("Desk")
    INCOME = "income", _("Tuition income")
    GOODS = "goods", _("Goods income")
    CORRECTION = "correction", _("Corrections")
    OPENING = "opening", _("Opening balances")


# Read one by one, so their sums are kept beside them. The others move with every lesson of every student:
# a kept sum there would make each posting wait for all others.
KEPT = (AccountKind.STUDENT, AccountKind.SEPARATE, AccountKind.BONUS, AccountKind.DESK)
# What a student's balance is the sum of, and all that belongs to one student.
OF_TUITION = (AccountKind.STUDENT, AccountKind.SEPARATE)
OWNED = (AccountKind.STUDENT, AccountKind.SEPARATE, AccountKind.BONUS)
# One of each per currency in an organization.
PURPOSES = (AccountKind.INCOME, AccountKind.OPENING, AccountKind.GOODS, AccountKind.CORRECTION)


class TransferKind(models.TextChoices):
    """What a transfer is, for the statement."""

    PAYMENT = "payment", _("Payment")
    CHARGE = "charge", _("Charge")
    CREDIT = "credit", _("Credit")
    OPENING = "opening", _("Opening balance")
    REFUND = "refund", _("Refund")
    CORRECTION = "correction", _("Correction")
    SALE = "sale", _("Sale")
    MOVE = "move", _("Between desks")
    BONUS = "bonus", _("Bonus")
    REVERSAL = "reversal", _("Reversal")


class Account(TenantModel):
    """Where money is."""

    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    currency = models.CharField(max_length=3)
    student = models.ForeignKey(Student, models.PROTECT, null=True, related_name="+")
    # Whose money a separate account holds: the subscription's, by its id.
    subscription_id = models.BigIntegerField(null=True)
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120, blank=True, default="")
    # Credits minus debits in minor units; null where it is not kept.
    balance = models.BigIntegerField(null=True)
    # The day the running balance of a student, or of a subscription's own account, last fell below zero; null while it
    # is not below. Kept like the balance.
    owes_since = models.DateField(null=True)
    # The day up to which all that was due to a student has been charged; null: to be looked at from the beginning.
    charged_until = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["org", "student"], condition=Q(kind=AccountKind.STUDENT), name="one_account_per_student"
            ),
            models.UniqueConstraint(
                fields=["org", "subscription_id"],
                condition=Q(kind=AccountKind.SEPARATE),
                name="one_account_per_subscription",
            ),
            models.UniqueConstraint(
                fields=["org", "student"], condition=Q(kind=AccountKind.BONUS), name="one_bonus_account_per_student"
            ),
            models.CheckConstraint(
                name="bonuses_are_not_lent", condition=~Q(kind=AccountKind.BONUS) | Q(balance__gte=0)
            ),
            models.CheckConstraint(
                name="account_of_subscription",
                condition=Q(kind=AccountKind.SEPARATE) ^ Q(subscription_id=None),
            ),
            models.UniqueConstraint(
                fields=["org", "kind", "currency"],
                condition=Q(kind__in=PURPOSES),
                name="one_account_per_purpose",
            ),
            models.CheckConstraint(
                name="account_keeps_balance",
                condition=Q(kind__in=KEPT, balance__isnull=False) | (~Q(kind__in=KEPT) & Q(balance=None)),
            ),
            models.CheckConstraint(
                name="account_owes_since",
                condition=(Q(kind__in=OF_TUITION, balance__lt=0) & Q(owes_since__isnull=False))
                | (~Q(kind__in=OF_TUITION, balance__lt=0) & Q(owes_since=None)),
            ),
            models.CheckConstraint(
                name="account_has_owner",
                condition=Q(kind__in=OWNED) ^ Q(student=None),
            ),
        ]
        indexes = [
            # All that the total of all debts needs: it is summed without a look at the rows.
            models.Index(
                fields=["org", "balance", "id"],
                include=["currency", "student", "owes_since"],
                condition=Q(owes_since__isnull=False),
                name="account_debtors",
            ),
            models.Index(
                fields=["org", "owes_since"],
                condition=Q(owes_since__isnull=False),
                name="account_debtors_since",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.get_kind_display()


class Transfer(TenantModel):
    """One immutable move of money: `amount` minor units from the debited to the credited account."""

    # Accounts and what a reversal reverses are found by the indexes below; nobody asks for what a member posted.
    debit = models.ForeignKey(Account, models.PROTECT, db_index=False, related_name="+")
    credit = models.ForeignKey(Account, models.PROTECT, db_index=False, related_name="+")
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    effective_on = models.DateField()
    # The day in closed books that this belongs to, where it is dated later because they are closed.
    corrects_on = models.DateField(null=True)
    posted_at = models.DateTimeField()
    member = models.ForeignKey(Member, models.PROTECT, null=True, db_index=False, related_name="+")
    # "<subscription>:<key>" of a charge and of its reversal; `turn` counts them: 0 charged, 1 reversed, 2 charged anew.
    charge_key = models.CharField(max_length=60, null=True)
    turn = models.PositiveIntegerField(null=True)
    # Why the charge is what it is, in codes and values; rendered in the reader's language.
    why = models.JSONField(null=True)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, db_index=False, related_name="+")
    idempotency_key = models.CharField(max_length=80, null=True)
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="transfer_moves_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="transfer_between_two", condition=~Q(debit=F("credit"))),
            models.UniqueConstraint(fields=["org", "charge_key", "turn"], name="charge_posted_once"),
            models.UniqueConstraint(fields=["org", "reverses"], name="reversed_once"),
            models.UniqueConstraint(fields=["org", "idempotency_key"], name="transfer_key_once"),
            models.CheckConstraint(name="corrects_what_was_before", condition=Q(corrects_on__lt=F("effective_on"))),
            models.CheckConstraint(
                name="charge_has_turn",
                condition=Q(charge_key=None, turn=None) | Q(charge_key__isnull=False, turn__isnull=False),
            ),
            models.CheckConstraint(
                name="reversal_reverses",
                condition=Q(kind=TransferKind.REVERSAL, reverses__isnull=False)
                | (~Q(kind=TransferKind.REVERSAL) & Q(reverses=None)),
            ),
        ]
        indexes = [
            models.Index(fields=["org", "debit", "effective_on", "id"], name="transfer_debits"),
            models.Index(fields=["org", "credit", "effective_on", "id"], name="transfer_credits"),
            # All that was charged and credited in a period, summed without a look at the rows.
            models.Index(
                fields=["org", "-effective_on", "-id"],
                include=["amount", "debit", "credit"],
                condition=Q(charge_key__isnull=False),
                name="transfer_charges",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class Books(TenantModel):
    """Up to which day, included, a branch's books are closed; its row is the lock between closing and posting."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    closed_until = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "branch"], name="books_once")]

    def __str__(self) -> str:
        return str(self.branch)
