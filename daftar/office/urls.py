"""Addresses of the office, by area."""

from daftar.office.courses.urls import urlpatterns as courses
from daftar.office.home.urls import urlpatterns as home
from daftar.office.journal.urls import urlpatterns as journal
from daftar.office.money.urls import urlpatterns as money
from daftar.office.people.urls import urlpatterns as people
from daftar.office.reports.urls import urlpatterns as reports
from daftar.office.settings.urls import urlpatterns as settings
from daftar.office.timetable.urls import urlpatterns as timetable
from daftar.office.transfer.urls import urlpatterns as transfer
from daftar.office.tuition.urls import urlpatterns as tuition

app_name = "office"
urlpatterns = [*home, *people, *courses, *journal, *money, *reports, *settings, *timetable, *transfer, *tuition]
