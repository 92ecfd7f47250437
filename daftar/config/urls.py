"""Every address. The organization stands in the path; the state of a view stands in the query."""

from allauth.account.views import logout
from django.urls import include, path

from daftar.config.accounts import choose_language, sign_in
from daftar.config.doors import home, no_connection, worker
from daftar.config.health import live, ready
from daftar.office.page import public_page
from daftar.office.timetable.feeds import calendar

urlpatterns = [
    path("", home, name="home"),
    path("worker.js", worker, name="worker"),
    path("no-connection/", no_connection, name="no-connection"),
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    path("login/", public_page("signing in")(sign_in), name="account_login"),
    path("logout/", public_page("signing out")(logout), name="account_logout"),
    path("i18n/set/", public_page("choosing a language")(choose_language), name="set_language"),
    path(
        "calendar/<str:secret>.ics", public_page("read by programs that hold a secret link")(calendar), name="calendar"
    ),
    path("", include("daftar.office.account.urls")),
    path("<slug:org>/", include("daftar.office.urls")),
]

handler404 = "daftar.config.doors.not_found"
handler500 = "daftar.config.middleware.server_error"
