"""Letters: jobs that write and send them. The secret of a link is made here, when needed, and stands in no job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django import app

from daftar.attendance import nudges
from daftar.office import formats
from daftar.orgs import services
from daftar.orgs.doors import secret_of
from daftar.orgs.models import User
from daftar.orgs.queries import get_invitation
from daftar.orgs.work import AGAIN, task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time

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


@task("office.mail_nudge")
def mail_nudge(by: Actor, *, nudge_id: int, site: str) -> None:
    """Sends a teacher the lessons of the day that are still unmarked; nothing where there is none left."""
    row = nudges.nudge_to_mail(by, nudge_id) if settings.EMAIL_HOST else None
    if row is None or row.member.user is None:
        return
    lessons = nudges.lessons_to_tell(by, row)
    if not lessons:
        return
    user = row.member.user
    with translation.override(user.language or lessons[0].branch.language):
        number, values = len(lessons), {"centre": by.org_name, "name": row.member.name, "day": formats.day(row.on)}
        subject = ngettext(
            "%(num)s lesson of %(day)s is not marked", "%(num)s lessons of %(day)s are not marked", number
        ) % {"num": number, "day": values["day"]}  # fmt: skip
        said = [
            _("%(name)s, please say who was there on %(day)s at %(centre)s:") % values,
            _("This letter comes once a day at most, and only while something is not marked."),
        ]
        links = [
            (site + reverse("office:lesson", args=[by.org_slug, each.pk]), _named(each.name, each.starts_time))
            for each in lessons
        ]
        _send(user.email, subject, said, *links, number=f"nudge.{by.org_id}.{row.pk}@{urlsplit(site).hostname}")
    nudges.note_nudge_mailed(by, nudge_id=nudge_id)


def _named(name: str, at: time) -> str:
    return f"{formats.clock(at)} {name}"


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


def _send(to: str, subject: str, said: Sequence[str], *links: tuple[str, Any], number: str = "") -> None:
    """One letter, as text and as simple HTML; one with a number that is sent again is known to be the same."""
    listed = [f"{label}:\n{address}" for address, label in links]
    text = "\n\n".join([said[0], *listed, *said[1:]]) + "\n"
    headers = {"Message-ID": f"<{number}>"} if number else {}
    letter = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to], headers=headers)
    context = {"said": said, "links": links, "subject": subject}
    letter.attach_alternative(render_to_string("letters/letter.html", context), "text/html")
    letter.send()
