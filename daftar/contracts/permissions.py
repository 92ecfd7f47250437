"""What can be permitted about contracts."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

EDIT = Permission("contracts.edit", _("Write contracts"), _("Whoever sees payments sees contracts too."))
