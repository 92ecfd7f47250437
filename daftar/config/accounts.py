"""How people sign in: by e-mail and password; nobody signs up by themselves."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):  # type: ignore[misc] # untyped library
    """Closes self-registration: members are taken on by their centre."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False
