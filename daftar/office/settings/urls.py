"""Addresses of the organization."""

from django.urls import path

from daftar.office.settings import access, charging, leaving, scales, views

urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/charging/", charging.charging, name="charging"),
    path("settings/charging/branches/<int:branch_id>/", charging.charging_branch, name="charging-branch"),
    path("settings/reasons/", charging.reasons, name="reasons"),
    path("settings/reasons/new/", charging.reason_new, name="reason-new"),
    path("settings/reasons/<int:reason_id>/edit/", charging.reason_edit, name="reason-edit"),
    path("settings/leaving/", leaving.leaving_reasons, name="leaving-reasons"),
    path("settings/leaving/new/", leaving.leaving_reason_new, name="leaving-reason-new"),
    path("settings/leaving/<int:leaving_reason_id>/edit/", leaving.leaving_reason_edit, name="leaving-reason-edit"),
    path(
        "settings/leaving/<int:leaving_reason_id>/archive/",
        leaving.leaving_reason_archive,
        name="leaving-reason-archive",
    ),
    path(
        "settings/leaving/<int:leaving_reason_id>/restore/",
        leaving.leaving_reason_restore,
        name="leaving-reason-restore",
    ),
    path("settings/scales/", scales.scales, name="scales"),
    path("settings/scales/new/", scales.scale_new, name="scale-new"),
    path("settings/scales/<int:scale_id>/edit/", scales.scale_edit, name="scale-edit"),
    path("settings/scales/<int:scale_id>/archive/", scales.scale_archive, name="scale-archive"),
    path("settings/scales/<int:scale_id>/restore/", scales.scale_restore, name="scale-restore"),
    path("settings/branches/new/", views.branch_new, name="branch-new"),
    path("settings/branches/<int:branch_id>/edit/", views.branch_edit, name="branch-edit"),
    path("settings/two-steps/", access.two_steps, name="two-steps"),
    path("team/", views.team, name="team"),
    path("team/invite/", access.member_invite, name="member-invite"),
    path("team/invitations/<int:invitation_id>/again/", access.invitation_again, name="invitation-again"),
    path("team/invitations/<int:invitation_id>/withdraw/", access.invitation_withdraw, name="invitation-withdraw"),
    path("team/invitations/<int:invitation_id>/link/", access.invitation_link, name="invitation-link"),
    path("team/roles/", access.roles, name="roles"),
    path("team/roles/new/", access.role_new, name="role-new"),
    path("team/roles/<int:role_id>/edit/", access.role_edit, name="role-edit"),
    path("team/roles/<int:role_id>/delete/", access.role_delete, name="role-delete"),
    path("team/new/", views.member_new, name="member-new"),
    path("team/<int:member_id>/edit/", views.member_edit, name="member-edit"),
]
