"""Letters: jobs that write and send them. The secret of a link is made here, when needed, and stands in no job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from daftar.orgs import services
from daftar.orgs.doors import secret_of
from daftar.orgs.models import User
from daftar.orgs.queries import get_invitation
from daftar.orgs.work import AGAIN, task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daftar.orgs.access import Actor


@task("office.mail_invitation")
def mail_invitation(by: Actor, *, invitation_id: int, site: str) -> None:
    """Sends the letter of an invitation that may still be used and whose letter has not left yet."""
    row = get_invitation(by, invitation_id)
    over = row.accepted_at or row.withdrawn_at or row.mailed_at or row.expires_at <= by.at
    if over or not settings.EMAIL_HOST:
        return
    link = site + reverse("invitation-open", args=[secret_of(row.nonce)])
    with translation.override(row.language):
        values = {"centre": by.org_name, "who": row.invited_by, "role": row.member.role}
        said = [
            _("%(who)s invites you to work in %(centre)s. You will be: %(role)s.") % values,
            _("The link is valid for 7 days and can be used once. If you did not expect this letter, ignore it."),
        ]
        _send(row.email, _("Invitation to %(centre)s") % values, said, (link, _("Come in")))
    services.note_invitation_mailed(by, invitation_id=invitation_id, nonce=row.nonce)


@app.task(name="office.mail_password_link", retry=AGAIN)
def mail_password_link(*, user_id: int, site: str, language: str) -> None:
    """Sends the link to a new password; for nobody (0) it does nothing, as slowly as the queue is."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not settings.EMAIL_HOST:
        return
    token = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    link = site + reverse("account_reset_password_from_key", kwargs=token)
    with translation.override(language):
        said = [
            _("Someone, we hope you, wants to choose a new password for this address."),
            _("The link is valid for one hour and can be used once. If it was not you, ignore this letter."),
        ]
        _send(user.email, _("A new password for Daftar"), said, (link, _("Choose a new password")))


def _send(to: str, subject: str, said: Sequence[str], link: tuple[str, Any]) -> None:
    """One letter, as text and as simple HTML."""
    address, label = link
    text = "\n\n".join([said[0], f"{label}:\n{address}", *said[1:]]) + "\n"
    letter = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to])
    context = {"said": said, "address": address, "label": label, "subject": subject}
    letter.attach_alternative(render_to_string("letters/letter.html", context), "text/html")
    letter.send()
