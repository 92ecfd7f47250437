"""How people sign in: by e-mail and password; nobody signs up by themselves."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.views import LoginView
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from daftar.config.demo import LOGINS, PASSWORD
from daftar.config.env import ENV
from daftar.orgs.models import User


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


class SignIn(LoginView):  # type: ignore[misc] # untyped library
    """The sign-in page; shows how to enter the demo centre where there is one to enter."""

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**values)
        shown = ENV.demo_logins and User.objects.filter(email=LOGINS["owner"]).exists()
        return context | {"demo": list(LOGINS.items()) if shown else [], "demo_password": PASSWORD}


sign_in = SignIn.as_view()
