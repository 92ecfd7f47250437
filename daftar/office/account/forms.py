"""Forms on one's own login; the sign-in library's own, in our words, with codes that count once."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm as ChangeForm
from allauth.account.forms import ResetPasswordForm, ResetPasswordKeyForm
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from daftar.office import letters
from daftar.orgs.services import PasswordTooWeak


def _password(label: Any, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=200, widget=widget)


def _strong(password: str, user: Any) -> str:
    """The password, or in our words what is wrong with it."""
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise ValidationError(PasswordTooWeak.text) from weak
    return password


class JoinForm(forms.Form):
    """A new login for an invited address."""

    name = forms.CharField(label=_("Your name"), max_length=200)
    password = _password(_("Choose a password"), "new-password")


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc] # untyped library
    """Wants a link to choose a new password; whether anybody has the address, one thing is done and one thing said."""

    def save(self, request: Any, **_values: Any) -> str:
        """The address. The job that sends the link makes it: no token stands in the queue."""
        user_id = self.users[0].pk if self.users else 0
        site = request.build_absolute_uri("/").rstrip("/")
        letters.mail_password_link.defer(user_id=user_id, site=site, language=get_language() or "en")
        return str(self.cleaned_data["email"])


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc] # untyped library
    """The new password, typed once: a browser can show it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"password1": _password(_("New password"), "new-password")}

    def clean_password1(self) -> str:
        return _strong(self.cleaned_data["password1"], self.user)


class ChangePasswordForm(ChangeForm):  # type: ignore[misc] # untyped library
    """The old password and the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {
            "oldpassword": _password(_("Password you have now"), "current-password"),
            "password1": _password(_("New password"), "new-password"),
        }

    def clean_password1(self) -> str:
        return _strong(self.cleaned_data["password1"], self.user)


def _once(user: Any, code: str) -> str:
    """The code, unless it opened something already: the library forgets sooner than the clock lets a code be valid."""
    lasts = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    if not cache.add(f"daftar.code:{user.pk}:{normalize_user_code(code)}", 1, timeout=lasts):
        raise get_adapter().validation_error("incorrect_code")
    return code


class CodeForm(AuthenticateForm):  # type: ignore[misc] # untyped library
    """The second step of signing in."""

    def clean_code(self) -> str:
        return _once(self.user, super().clean_code())


class CodeAgainForm(ReauthenticateForm):  # type: ignore[misc] # untyped library
    """The same before something of weight is changed."""

    def clean_code(self) -> str:
        return _once(self.user, super().clean_code())


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc] # untyped library
    """Proves that the app was set up; until then the secret waits in the session, encrypted like afterwards."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session, adapter = context.request.session, get_adapter()
        waiting = session.get("two_steps") if self.is_bound else None
        self.secret = adapter.decrypt(waiting) if waiting else auth.generate_totp_secret()
        session["two_steps"] = waiting or adapter.encrypt(self.secret)
        session.pop(auth.SECRET_SESSION_KEY, None)  # the library's own, in clear
