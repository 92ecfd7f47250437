"""Addresses of the day and of the history."""

from django.urls import path

from daftar.office.home import changes, views

urlpatterns = [
    path("", views.today, name="today"),
    path("find/", views.find, name="find"),
    path("history/", views.history, name="history"),
    path("groups/<int:group_id>/changes/", changes.group_changes, name="group-changes"),
    path("branch/", views.branch, name="branch"),
]
