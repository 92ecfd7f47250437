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
BACK_DATE = Permission(
    "finance.back_date", _("Record payments dated before today"), _("Changes the debts of past days.")
)
PROMISE = Permission("finance.promise", _("Note promises to pay"))
MANAGE_DESKS = Permission("finance.manage_desks", _("Open and close cash desks"))
