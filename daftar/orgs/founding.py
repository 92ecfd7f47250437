"""How an organization comes to be: before it exists there is no actor, so this is not a verb."""

from datetime import datetime

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs import services
from daftar.orgs.access import Actor, publish
from daftar.orgs.events import OrganizationFounded
from daftar.orgs.models import Organization
from daftar.orgs.queries import system_actor
from daftar.orgs.roles import BuiltIn


def found(
    *, slug: str, name: str, currency: str, timezone: str, language: str, branch: str, owner: str, email: str,
    password: str, at: datetime, is_demo: bool = False,
) -> Actor:  # fmt: skip
    """A new organization with its first branch, its roles and dictionaries and its owner; answers the system acting.

    `at` is the moment it is founded, which the audit rows carry.
    """
    org = Organization.objects.create(slug=slug, name=name, currency=currency, is_demo=is_demo)
    with tenant_transaction(org.pk):
        by = system_actor(org.pk, at)
        services.begin_roles(by)
        services.add_branch(by, name=branch, timezone=timezone, currency=currency, language=language)
        services.add_member(by, name=owner, role=BuiltIn.OWNER, email=email, password=password)
        publish(by, OrganizationFounded(language))
        return system_actor(org.pk, at)
