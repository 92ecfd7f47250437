"""Addresses of the timetable."""

from django.urls import path

from daftar.office.timetable import free, views

urlpatterns = [
    path("timetable/", views.timetable, name="timetable"),
    path("timetable/free/", free.free, name="timetable-free"),
    path("settings/hours/", free.hours, name="hours"),
    path("settings/hours/<int:branch_id>/", free.hours_edit, name="hours-edit"),
]
