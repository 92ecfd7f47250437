"""What can be permitted about tuition."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

VIEW = Permission(
    "tuition.view", _("See balances, charges and debtors"), _("Also decides whether lists and lessons show who owes.")
)
ACTIVATE = Permission("tuition.activate", _("Activate students, which starts their charges"))
PAUSE = Permission(
    "tuition.pause", _("Pause students, move them and end memberships"), _("What was paid ahead is credited.")
)
PRICE = Permission("tuition.price", _("Give prices and discounts to students"))
MANAGE = Permission("tuition.manage", _("Change the rules of charging"), _("Changes what everybody is charged."))
CHARGE = Permission("tuition.charge", _("Post and reverse charges by hand"))
