"""What can be permitted about moving data in and out."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

IMPORT = Permission(
    "transfer.import", _("Import files"), _("Files hold phones: it also needs the right to see contacts.")
)
