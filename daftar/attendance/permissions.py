"""What can be permitted about attendance."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

MARK = Permission("attendance.mark", _("Conduct lessons and mark attendance"))
MANAGE = Permission("attendance.manage", _("Edit the absence reasons"))
