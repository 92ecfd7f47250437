"""How people sign in: by e-mail, password and, if they want, a second step; nobody signs up by themselves."""

from __future__ import annotations

import logging
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.views import LoginView
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.i18n import set_language

from daftar.config.demo import LOGINS, PASSWORD
from daftar.config.env import ENV
from daftar.orgs.models import User
from daftar.orgs.services import remember_language

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

log = logging.getLogger("daftar.accounts")


class Adapter(DefaultAccountAdapter):  # type: ignore[misc] # untyped library
    """Closes self-registration, and the demo logins wherever the server may be reached from outside."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def add_message(self, *_args: Any, **_values: Any) -> None:
        """Says nothing: who has signed in or out sees it by the page."""

    def pre_login(self, request: Any, user: Any, **values: Any) -> Any:
        """A response that stops the sign-in, or None."""
        if user.email in LOGINS.values() and not ENV.demo_logins:
            messages.error(request, _("The demo logins work only on the machine itself."))
            return redirect("account_login")
        return super().pre_login(request, user, **values)

    def post_login(self, request: Any, user: Any, **values: Any) -> Any:
        """Remembers the language chosen on the way in, for who has never chosen one since."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if not user.language and chosen in dict(settings.LANGUAGES):
            remember_language(user.pk, chosen)
        return super().post_login(request, user, **values)

    def respond_user_inactive(self, request: Any, user: Any) -> Any:
        return redirect("account_login")


class TwoSteps(DefaultMFAAdapter):  # type: ignore[misc] # untyped library
    """Keeps the secrets of the second step encrypted."""

    def encrypt(self, text: str) -> str:
        return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; where the installation's key is another one than then, a secret that no code fits."""
        try:
            return _cipher(settings.SECRET_KEY).decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            log.warning("a second step was set up under another secret key: see reset-two-steps")
            return str(generate_totp_secret())


@lru_cache(maxsize=2)
def _cipher(key: str) -> Fernet:
    """A key of its own for this purpose, derived from the installation's."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"daftar two steps").derive(key.encode())
    return Fernet(urlsafe_b64encode(derived))


class SignIn(LoginView):  # type: ignore[misc] # untyped library
    """The sign-in page; shows how to enter the demo centre where there is one to enter."""

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**values)
        shown = ENV.demo_logins and User.objects.filter(email=LOGINS["owner"]).exists()
        return context | {"demo": list(LOGINS.items()) if shown else [], "demo_password": PASSWORD}


sign_in = SignIn.as_view()


def choose_language(request: HttpRequest) -> HttpResponse:
    """The language of the pages in this browser, and of letters to whoever is signed in."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        remember_language(int(request.user.pk), chosen)
    return set_language(request)
