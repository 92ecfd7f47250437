"""What finance refuses, in words."""

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal


class NothingPaid(Refusal):
    field = "amount"
    text = _("Write an amount above zero.")


class TooMuchPaid(Refusal):
    field = "amount"
    text = _("This is more than any payment can be. Check the zeros.")


class PaidAhead(Refusal):
    field = "paid_on"
    text = _("A payment cannot be dated after today.")


class BackDatingForbidden(Refusal):
    field = "paid_on"
    text = _("A day before today needs a right that your role does not have: %(right)s.")


class DeskIsClosed(Refusal):
    field = "desk_id"
    text = _("This desk is closed.")


class OtherDeskIsClosed(DeskIsClosed):
    field = "to_desk_id"


class SameDesk(Refusal):
    constraints = ("moved_to_another_desk",)
    field = "to_desk_id"
    text = _("Choose another desk than the one the money comes from.")


class DeskCurrencyDiffers(Refusal):
    field = "desk_id"
    text = _("This desk is kept in another currency.")


class OtherDeskCurrencyDiffers(DeskCurrencyDiffers):
    field = "to_desk_id"


class NoSuchBonus(Refusal):
    """The database says the same: an account of bonuses never goes below zero."""

    constraints = ("bonuses_are_not_lent",)
    field = "amount"
    text = _("There are not so many bonuses.")


class MoreThanHeld(Refusal):
    """What lies in the account of a subscription that has its own, charges taken off."""

    field = "amount"
    text = _("There is only %(sum)s in this account.")


class MoreThanPaid(Refusal):
    """Refunds and payments that stand, of one student, counted together."""

    field = "amount"
    text = _("Only what was paid can be refunded: %(sum)s at most.")


class RefundedAlready(Refusal):
    field = "reason"
    text = _("Some of this money was refunded. Reverse the refund first.")


class RefundedMore(RefundedAlready):
    field = "amount"
    text = _("More of this money was refunded already.")


class CorrectionNeedsReason(Refusal):
    constraints = ("correction_has_reason",)
    field = "note"
    text = _("Write why the balance is corrected.")


class NothingSold(Refusal):
    field = "thing"
    text = _("Write what is sold.")


class NoQuantity(Refusal):
    field = "quantity"
    text = _("Write how many are sold, at least one.")


class NoPrice(Refusal):
    field = "price"
    text = _("Write a price above zero.")


class SoldForTooMuch(TooMuchPaid):
    field = "price"


class NothingChanged(Refusal):
    text = _("Nothing was changed.")


class ClosedAhead(Refusal):
    field = "closed_until"
    text = _("Books are closed up to a day before today.")


class ClosedAlready(Refusal):
    field = "closed_until"
    text = _("They are closed up to %(day)s already.")


class OpenAlready(Refusal):
    field = "closed_until"
    text = _("These books are not closed up to a later day.")


class DeskElsewhere(Refusal):
    field = "desk_id"
    text = _("This desk belongs to another branch than the student.")


class KeyUsed(Refusal):
    """The form was sent before with other values."""

    constraints = (
        "payment_once",
        "transfer_key_once",
    )
    text = _("This form recorded another payment already. Open a new one.")


class AlreadyReversed(Refusal):
    constraints = (
        "payment_reversed_once",
        "reversed_once",
        "payment_replaced_once",
    )
    field = "reason"
    text = _("This payment is reversed already.")


class TooLateToUndo(Refusal):
    """Too late, or somebody else's."""

    text = _("This can no longer be undone. Ask an administrator to reverse it.")


class ReasonMissing(Refusal):
    field = "reason"
    text = _("Write why it is reversed.")


class PromisedTooLate(Refusal):
    field = "promised_for"
    text = _("A promise is for today or a later day, within a year.")


class NothingOwed(Refusal):
    text = _("This student owes nothing now.")


class PromiseReplaced(Refusal):
    constraints = ("promise_stands_once",)
    text = _("There is a newer promise already.")


class DeskNameTaken(Refusal):
    constraints = ("desk_name_once",)
    field = "name"
    text = _("This branch has a desk with this name already.")
