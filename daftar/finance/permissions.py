"""What can be permitted about money in and out."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

VIEW = Permission("finance.view", _("See payments"))
TAKE_PAYMENT = Permission("finance.take_payment", _("Record payments"))
REVERSE_PAYMENT = Permission(
    "finance.reverse_payment",
    _("Reverse payments"),
    _("The money leaves the balance again; both entries stay to be seen."),
)
EDIT_PAYMENT = Permission(
    "finance.edit_payment",
    _("Edit payments"),
    _("A corrected payment takes the place of the old one, with a new receipt; both stay to be seen."),
)
REFUND = Permission("finance.refund", _("Refund"), _("Never more than was paid."))
CORRECT_BALANCE = Permission(
    "finance.correct_balance",
    _("Correct balances by hand"),
    _("Raises or lowers what a student owes, without money at a desk."),
)
SELL = Permission("finance.sell", _("Sell goods"))
MOVE_MONEY = Permission("finance.move_money", _("Move money between desks"))
BACK_DATE = Permission(
    "finance.back_date", _("Record payments dated before today"), _("Changes the debts of past days.")
)
PROMISE = Permission("finance.promise", _("Note promises to pay"))
CLOSE_BOOKS = Permission(
    "finance.close_books", _("Close the books up to a day"), _("Nothing can be dated in closed books any more.")
)
REOPEN_BOOKS = Permission("finance.reopen_books", _("Open closed books again"))
EXPORT_LEDGER = Permission(
    "finance.export_ledger", _("Export the whole ledger"), _("All sums of all students, for accounting programs.")
)
MANAGE_DESKS = Permission("finance.manage_desks", _("Open and close cash desks"))
