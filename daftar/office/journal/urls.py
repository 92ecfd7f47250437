"""Addresses of lessons."""

from django.urls import path

from daftar.office.journal import cells, makeups, outbox, views

urlpatterns = [
    path("lessons/<int:lesson_id>/", views.lesson, name="lesson"),
    path("lessons/<int:lesson_id>/send/", outbox.lesson_send, name="lesson-send"),
    path("groups/<int:group_id>/cells/", cells.group_cells, name="group-cells"),
    path("groups/<int:group_id>/journal.csv", cells.group_journal_file, name="group-journal-file"),
    path("lessons/<int:lesson_id>/undo/", views.lesson_undo, name="lesson-undo"),
    path("lessons/<int:lesson_id>/guest/", makeups.lesson_guest, name="lesson-guest"),
    path(
        "lessons/<int:lesson_id>/guest/<int:student_id>/remove/",
        makeups.lesson_guest_remove,
        name="lesson-guest-remove",
    ),
    path("make-ups/", makeups.make_ups, name="make-ups"),
    path("make-ups/<int:make_up_id>/", makeups.make_up, name="make-up"),
    path("make-ups/<int:make_up_id>/lesson/", makeups.make_up_lesson, name="make-up-lesson"),
]
