"""Addresses of the organization."""

from django.urls import path

from daftar.office.settings import views

urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/branches/new/", views.branch_new, name="branch-new"),
    path("settings/branches/<int:branch_id>/edit/", views.branch_edit, name="branch-edit"),
    path("team/", views.team, name="team"),
    path("team/new/", views.member_new, name="member-new"),
    path("team/<int:member_id>/edit/", views.member_edit, name="member-edit"),
]
