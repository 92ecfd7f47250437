"""Tables of money in."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from daftar.ledger.models import Account, Transfer
from daftar.orgs.models import Branch, Member, TenantModel
from daftar.people.models import Student
from daftar.tuition.models import Subscription


class Method(models.TextChoices):
    """How money arrives at a desk."""

    CASH = "cash", _("Cash")
    CARD = "card", _("Card")
    BANK = "bank", _("Bank transfer")


class Desk(TenantModel):
    """A till, bank or acquirer account of a branch."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    method = models.CharField(max_length=10, choices=Method.choices)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    is_open = models.BooleanField(default=True)
    place = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "branch", "name"], name="desk_name_once")]

    def __str__(self) -> str:
        return self.name


class PaymentKind(models.TextChoices):
    """What a payment is: which way the money goes, and between what."""

    INCOME = "income", _("Payment")
    REFUND = "refund", _("Refund")
    UP = "up", _("Correction up")
    DOWN = "down", _("Correction down")
    SALE = "sale", _("Sale")
    MOVE = "move", _("Between desks")
    GIFT = "gift", _("Bonus given")
    SPENT = "spent", _("Bonus spent")


# Money that a person gives or gets, so there is a paper of it.
WITH_RECEIPT = (PaymentKind.INCOME, PaymentKind.REFUND, PaymentKind.SALE)
CORRECTIONS = (PaymentKind.UP, PaymentKind.DOWN)
BONUSES = (PaymentKind.GIFT, PaymentKind.SPENT)
WITH_REASON = (*CORRECTIONS, PaymentKind.GIFT)


class ReceiptCounter(TenantModel):
    """The last receipt number given out in a branch; its row lock keeps the numbers free of gaps."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    last = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "branch"], name="counter_once")]


class Payment(TenantModel):
    """Money that came, went or was put right by hand; its amount, accounts and date stand in its transfer."""

    branch_path = "branch_id"

    kind = models.CharField(max_length=10, choices=PaymentKind.choices, db_default=PaymentKind.INCOME)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, null=True, related_name="+")
    desk = models.ForeignKey(Desk, models.PROTECT, null=True, related_name="+")
    # Into the account of a subscription that has its own; null: the student's base account.
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, related_name="+")
    # Of money moved between desks: where it went.
    to_desk = models.ForeignKey(Desk, models.PROTECT, null=True, related_name="+")
    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(null=True)
    amount = models.BigIntegerField()
    paid_on = models.DateField()
    # Of a sale: what was sold, how many of it, and for how much each.
    thing = models.CharField(max_length=120, blank=True, default="", db_default="")
    quantity = models.PositiveIntegerField(null=True)
    price = models.BigIntegerField(null=True)
    payer_name = models.CharField(max_length=200, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=80)
    # Of an edited payment: the one whose place it takes, and the first of them all.
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    first = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "branch", "number"], name="receipt_number_once"),
            models.UniqueConstraint(fields=["org", "idempotency_key"], name="payment_once"),
            models.UniqueConstraint(fields=["org", "transfer"], name="payment_transfer_once"),
            models.UniqueConstraint(fields=["org", "replaces"], name="payment_replaced_once"),
            models.CheckConstraint(name="payment_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payment_has_its_people_and_desks",
                condition=Q(kind=PaymentKind.MOVE, student=None, desk__isnull=False, to_desk__isnull=False)
                | Q(kind__in=WITH_RECEIPT, student__isnull=False, desk__isnull=False, to_desk=None)
                | Q(kind__in=(*CORRECTIONS, *BONUSES), student__isnull=False, desk=None, to_desk=None),
            ),
            models.CheckConstraint(
                name="receipt_where_one_is_due",
                condition=Q(kind__in=WITH_RECEIPT, number__isnull=False) | (~Q(kind__in=WITH_RECEIPT) & Q(number=None)),
            ),
            models.CheckConstraint(
                name="sale_is_of_things",
                condition=(
                    Q(kind=PaymentKind.SALE, quantity__gt=0, price__gt=0, amount=F("quantity") * F("price"))
                    & ~Q(thing="")
                )
                | (~Q(kind=PaymentKind.SALE) & Q(thing="", quantity=None, price=None)),
            ),
            models.CheckConstraint(name="moved_to_another_desk", condition=Q(to_desk=None) | ~Q(to_desk=F("desk"))),
            models.CheckConstraint(name="correction_has_reason", condition=~Q(kind__in=WITH_REASON) | ~Q(note="")),
            models.CheckConstraint(
                name="replacement_has_first",
                condition=Q(replaces=None, first=None) | Q(replaces__isnull=False, first__isnull=False),
            ),
        ]
        indexes = [
            # With what the takings of a period are summed of.
            models.Index(
                fields=["org", "-paid_on", "-id"],
                include=["branch", "amount", "kind", "desk", "to_desk"],
                name="payment_newest",
            ),
            models.Index(fields=["org", "student", "-id"], name="payment_of_student"),
        ]

    def __str__(self) -> str:
        return f"№\u00a0{self.number}" if self.number else str(self.student or f"{self.desk} → {self.to_desk}")


class Promise(TenantModel):
    """The day on which someone who owes said the money would come; one stands per student, the others are kept."""

    branch_path = "student__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    promised_for = models.DateField()
    # The day it was given, in the student's branch: a promise says nothing about a debt that began later.
    made_on = models.DateField()
    note = models.CharField(max_length=300, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    stands = models.BooleanField(default=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "student"], condition=Q(stands=True), name="promise_stands_once"),
            models.CheckConstraint(name="promise_looks_ahead", condition=Q(promised_for__gte=F("made_on"))),
            models.CheckConstraint(name="promise_replaced_stands_not", condition=Q(stands=False) | Q(replaced_by=None)),
        ]

    def __str__(self) -> str:
        return str(self.student)


class PaymentReversal(TenantModel):
    """Why and by which transfer a payment was undone."""

    branch_path = "payment__branch_id"

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="+")
    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    reversed_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "payment"], name="payment_reversed_once"),
            models.CheckConstraint(name="reversal_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return str(self.payment)
