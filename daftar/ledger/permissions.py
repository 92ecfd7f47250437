"""What can be permitted about the ledger itself: nothing a role holds, only verbs above post, as trusted."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

POST = Permission("ledger.post", _("Move money between accounts"))
