"""Addresses of people."""

from django.urls import path

from daftar.office.people import views

urlpatterns = [
    path("students/", views.students, name="students"),
    path("students/new/", views.student_new, name="student-new"),
    path("students/<int:student_id>/", views.student, name="student"),
    path("students/<int:student_id>/edit/", views.student_edit, name="student-edit"),
]
