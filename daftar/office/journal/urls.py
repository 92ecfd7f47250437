"""Addresses of lessons."""

from django.urls import path

from daftar.office.journal import absences, cells, exams, lessons, makeups, materials, outbox, results_of_tests, views

urlpatterns = [
    path("lessons/", lessons.lessons, name="lessons"),
    path("lessons/views/keep/", lessons.lesson_view_keep, name="lesson-view-keep"),
    path("lessons/views/drop/", lessons.lesson_view_drop, name="lesson-view-drop"),
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
    path("groups/<int:group_id>/exams/", exams.group_exams, name="group-exams"),
    path("groups/<int:group_id>/exams/results/", exams.group_results, name="group-results"),
    path("groups/<int:group_id>/exams/new/", exams.exam_new, name="exam-new"),
    path("exams/<int:exam_id>/", exams.exam, name="exam"),
    path("exams/<int:exam_id>/results/", exams.exam_results, name="exam-results"),
    path("exams/<int:exam_id>/edit/", exams.exam_edit, name="exam-edit"),
    path("exams/<int:exam_id>/delete/", exams.exam_delete, name="exam-delete"),
    path("exams/<int:exam_id>/restore/", exams.exam_restore, name="exam-restore"),
    path("groups/<int:group_id>/tests/", results_of_tests.group_tests, name="group-tests"),
    path("groups/<int:group_id>/tests/new/", results_of_tests.group_test_new, name="group-test-new"),
    path("students/<int:student_id>/tests/new/", results_of_tests.student_test_new, name="student-test-new"),
    path("tests/<int:test_id>/edit/", results_of_tests.test_edit, name="test-edit"),
    path("tests/<int:test_id>/delete/", results_of_tests.test_delete, name="test-delete"),
    path("tests/<int:test_id>/restore/", results_of_tests.test_restore, name="test-restore"),
    path("groups/<int:group_id>/materials/", materials.group_materials, name="group-materials"),
    path("groups/<int:group_id>/materials/new/", materials.group_file_new, name="group-file-new"),
    path("lessons/<int:lesson_id>/files/new/", materials.lesson_file_new, name="lesson-file-new"),
    path("topics/<int:topic_id>/files/new/", materials.topic_file_new, name="topic-file-new"),
    path("materials/<int:material_id>/", materials.material, name="material"),
    path("materials/<int:material_id>/remove/", materials.material_remove, name="material-remove"),
    path("materials/<int:material_id>/restore/", materials.material_restore, name="material-restore"),
    path("students/<int:student_id>/absence/", absences.absence_new, name="absence-new"),
    path("absences/<int:absence_id>/withdraw/", absences.absence_withdraw, name="absence-withdraw"),
    path("absences/<int:absence_id>/restore/", absences.absence_restore, name="absence-restore"),
    path("make-ups/", makeups.make_ups, name="make-ups"),
    path("make-ups/<int:make_up_id>/", makeups.make_up, name="make-up"),
    path("make-ups/<int:make_up_id>/lesson/", makeups.make_up_lesson, name="make-up-lesson"),
]
