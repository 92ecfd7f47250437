"""What can be permitted about people."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

VIEW = Permission("people.view", _("See students"))
SEE_CONTACTS = Permission(
    "people.see_contacts",
    _("See phones and other contacts"),
    _("Without it a phone or an e-mail can neither be read nor searched for."),
)
EDIT = Permission("people.edit", _("Add and edit students"))
