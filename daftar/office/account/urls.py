"""Addresses of one's own login; the names are those by which the sign-in library finds its pages."""

from collections.abc import Callable
from typing import Any

from django.urls import path, re_path

from daftar.office.account import views
from daftar.office.page import public_page

own: Callable[[Any], Any] = public_page("one's own login, in no centre")
before: Callable[[Any], Any] = public_page("comes before signing in")

urlpatterns = [
    path("login/code/", before(views.login_code), name="mfa_authenticate"),
    path("login/forgotten/", before(views.forgotten), name="account_reset_password"),
    path("login/forgotten/sent/", before(views.forgotten_sent), name="account_reset_password_done"),
    re_path(
        r"^login/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        before(views.new_password),
        name="account_reset_password_from_key",
    ),
    path("invitation/", before(views.invitation), name="invitation"),
    path("invitation/<str:secret>/", before(views.invitation_open), name="invitation-open"),
    path("account/", own(views.account), name="account"),
    path("account/", own(views.account), name="mfa_index"),
    path("account/password/", own(views.change_password), name="account_change_password"),
    path("account/two-steps/", own(views.set_up), name="mfa_activate_totp"),
    path("account/two-steps/off/", own(views.turn_off), name="mfa_deactivate_totp"),
    path("account/codes/", own(views.recovery_codes), name="mfa_view_recovery_codes"),
    path("account/codes/new/", own(views.new_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/confirm/", own(views.confirm), name="account_reauthenticate"),
    path("account/confirm/code/", own(views.confirm_code), name="mfa_reauthenticate"),
    path("account/sessions/<int:session_id>/end/", own(views.session_end), name="session-end"),
    path("account/sessions/end-others/", own(views.sessions_end_others), name="sessions-end-others"),
]
