"""Pages on one's own login, outside any centre: password, second step, sessions, and coming in by an invitation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from allauth.account import views as signing
from allauth.account.utils import perform_login
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from daftar.lib.errors import Refusal
from daftar.office.account.forms import JoinForm
from daftar.office.account.sessions import device
from daftar.office.forms import done, form_page
from daftar.orgs.doors import hash_of
from daftar.orgs.joining import Welcome, come_in, welcome
from daftar.orgs.queries import memberships

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# Holds the hash of the link that was opened, signed: the secret itself leaves the address at once and stays nowhere.
DOOR, DOOR_LASTS = "door", 3600


@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """One's own login: how one signs in, and where one is signed in now."""
    user: Any = request.user
    rows = sorted(UserSession.objects.purge_and_list(user), key=lambda row: row.last_seen_at, reverse=True)
    here = request.session.session_key
    shown = [
        {
            "id": row.pk, "device": device(row.user_agent), "address": row.ip, "seen_at": row.last_seen_at,
            "is_here": row.session_key == here,
        }
        for row in rows
    ]  # fmt: skip
    has_two_steps = is_mfa_enabled(user, [Authenticator.Type.TOTP])
    context = {
        "sessions": sorted(shown, key=lambda row: not row["is_here"]), "has_two_steps": has_two_steps,
        "places": memberships(int(user.pk)),
    }  # fmt: skip
    return render(request, "account/account.html", context)


@require_POST
@login_required
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Ends one of one's own sessions; another's is not found."""
    row = UserSession.objects.filter(user_id=request.user.pk, pk=session_id).first()
    if row is None:
        return render(request, "404.html", status=404)
    row.end()
    messages.success(request, _("That device is signed out."))
    return redirect("account")


@require_POST
@login_required
def sessions_end_others(request: HttpRequest) -> HttpResponse:
    """Ends all of one's sessions but this one."""
    end_other_sessions(request, request.user)
    messages.success(request, _("All other devices are signed out."))
    return redirect("account")


class ChangePassword(signing.PasswordChangeView):  # type: ignore[misc] # untyped library
    """A new password; every other session ends with the old one."""

    success_url = reverse_lazy("account")

    def get_success_url(self) -> str:
        messages.success(self.request, _("The password is changed. All other devices are signed out."))
        return reverse("account")


class Forgotten(signing.PasswordResetView):  # type: ignore[misc] # untyped library
    """Asks for the link to a new password; says so where no mail can bring it."""

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**values)
        return context | {"sends_mail": bool(settings.EMAIL_HOST)}


class NewPassword(signing.PasswordResetFromKeyView):  # type: ignore[misc] # untyped library
    """A new password by the link of the letter; all sessions end with the old one."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        messages.success(self.request, _("The password is changed. Sign in with it."))
        return answer


class SetUp(totp.ActivateTOTPView):  # type: ignore[misc] # untyped library
    """Sets up the second step; sessions that began without it end."""

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        self.request.session.pop("two_steps", None)
        end_other_sessions(self.request, self.request.user)
        return answer


change_password = never_cache(ChangePassword.as_view())
forgotten = never_cache(Forgotten.as_view())
forgotten_sent = signing.password_reset_done
new_password = never_cache(NewPassword.as_view())
confirm = never_cache(signing.reauthenticate)
confirm_code = never_cache(mfa.reauthenticate)
login_code = mfa.authenticate
set_up = never_cache(login_required(SetUp.as_view()))
turn_off = never_cache(totp.deactivate_totp)
recovery_codes = never_cache(codes.view_recovery_codes)
new_recovery_codes = never_cache(login_required(codes.generate_recovery_codes))


@never_cache
def invitation_open(request: HttpRequest, secret: str) -> HttpResponse:
    """Takes the secret out of the address before anything else: this request asks no table and says nothing."""
    answer = redirect("invitation")
    answer.set_signed_cookie(
        DOOR, hash_of(secret), salt=DOOR, max_age=DOOR_LASTS, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return answer


@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Who was invited comes in: with a new login, or with the one they are signed in with."""
    door = request.get_signed_cookie(DOOR, default="", salt=DOOR, max_age=DOOR_LASTS) or ""
    try:
        invited = welcome(door, _now())
        if request.user.is_authenticated:
            return _come_in_as(request, door, invited)
        return _come_in_new(request, door, invited)
    except Refusal as refusal:
        return render(request, "account/invitation_over.html", {"message": refusal.message}, status=410)


def _come_in_as(request: HttpRequest, door: str, invited: Welcome) -> HttpResponse:
    if request.method == "POST":
        _user, slug = come_in(door, _now(), user_id=int(request.user.pk or 0))
        return _leave_door(redirect("office:today", slug))
    return render(request, "account/invitation.html", {"invited": invited, "form": None})


def _come_in_new(request: HttpRequest, door: str, invited: Welcome) -> HttpResponse:
    form = JoinForm(request.POST or None, initial={"name": invited.name})
    if came := done(form, lambda **values: come_in(door, _now(), **values)):
        user, slug = came
        perform_login(request, user, redirect_url=reverse("office:today", args=[slug]))
        return _leave_door(redirect("office:today", slug))
    return form_page(request, "account/invitation.html", form, invited=invited)


def _leave_door(answer: HttpResponse) -> HttpResponse:
    answer.delete_cookie(DOOR, samesite="Lax")
    return answer


def _now() -> datetime:
    return datetime.now(UTC)
