"""What can be permitted about the organization itself."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

MANAGE = Permission(
    "orgs.manage",
    _("Manage the centre, its branches, members and settings"),
    _("Includes roles and invitations, but only for rights one has oneself."),
)
SEE_HISTORY = Permission(
    "orgs.see_history", _("See who changed what"), _("Shows old and new values of everything that was changed.")
)
