"""Addresses of lessons."""

from django.urls import path

from daftar.office.journal import cells, views

urlpatterns = [
    path("lessons/<int:lesson_id>/", views.lesson, name="lesson"),
    path("groups/<int:group_id>/cells/", cells.group_cells, name="group-cells"),
    path("groups/<int:group_id>/journal.csv", cells.group_journal_file, name="group-journal-file"),
    path("lessons/<int:lesson_id>/undo/", views.lesson_undo, name="lesson-undo"),
]
