"""Addresses of people."""

from django.urls import path

from daftar.office.people import contracts, views

urlpatterns = [
    path("students/", views.students, name="students"),
    path("students/new/", views.student_new, name="student-new"),
    path("students/<int:student_id>/", views.student, name="student"),
    path("students/<int:student_id>/edit/", views.student_edit, name="student-edit"),
    path("students/<int:student_id>/contracts/new/", contracts.contract_new, name="contract-new"),
    path("contracts/<int:contract_id>/edit/", contracts.contract_edit, name="contract-edit"),
    path("contracts/<int:contract_id>/delete/", contracts.contract_delete, name="contract-delete"),
    path("contracts/<int:contract_id>/restore/", contracts.contract_restore, name="contract-restore"),
]
