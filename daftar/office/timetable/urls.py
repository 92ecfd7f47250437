"""Addresses of the timetable."""

from django.urls import path

from daftar.office.timetable import feeds, free, views

urlpatterns = [
    path("timetable/", views.timetable, name="timetable"),
    path("timetable/free/", free.free, name="timetable-free"),
    path("timetable/calendars/", feeds.calendars, name="calendars"),
    path("timetable/calendars/<int:feed_id>/withdraw/", feeds.calendar_withdraw, name="calendar-withdraw"),
    path("settings/hours/", free.hours, name="hours"),
    path("settings/hours/<int:branch_id>/", free.hours_edit, name="hours-edit"),
]
