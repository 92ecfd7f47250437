"""Addresses of courses, rooms, groups and enrolments."""

from django.urls import path

from daftar.office.courses import alone, days, enrolments, types, views, waiting

urlpatterns = [
    path("groups/", views.groups, name="groups"),
    path("groups/new/", views.group_new, name="group-new"),
    path("groups/<int:group_id>/", views.group, name="group"),
    path("groups/<int:group_id>/edit/", views.group_edit, name="group-edit"),
    path("groups/<int:group_id>/add/", enrolments.group_add_student, name="group-add-student"),
    path("groups/<int:group_id>/waiting/<int:student_id>/", waiting.group_wait, name="group-wait"),
    path("waiting/<int:waiting_id>/end/", waiting.waiting_end, name="waiting-end"),
    path("waiting/<int:waiting_id>/on/", waiting.waiting_on, name="waiting-on"),
    path("groups/<int:group_id>/lessons/new/", views.lesson_new, name="lesson-new"),
    path("lessons/new/", alone.lesson_single_new, name="lesson-single-new"),
    path("lessons/regular/", alone.lessons_regular, name="lessons-regular"),
    path("lessons/regular/new/", alone.lessons_regular_new, name="lessons-regular-new"),
    path("lessons/regular/<int:recurrence_id>/end/", alone.lessons_regular_end, name="lessons-regular-end"),
    path("students/<int:student_id>/enrol/", enrolments.student_enrol, name="student-enrol"),
    path("enrolments/<int:enrolment_id>/activate/", enrolments.enrolment_activate, name="enrolment-activate"),
    path("enrolments/<int:enrolment_id>/undo/", enrolments.enrolment_undo, name="enrolment-undo"),
    path("lessons/<int:lesson_id>/cancel/", days.lesson_cancel, name="lesson-cancel"),
    path("lessons/<int:lesson_id>/restore/", days.lesson_restore, name="lesson-restore"),
    path("lessons/<int:lesson_id>/move/", days.lesson_move, name="lesson-move"),
    path("lessons/<int:lesson_id>/type/", days.lesson_type, name="lesson-type"),
    path("lessons/<int:lesson_id>/move/undo/", days.lesson_move_undo, name="lesson-move-undo"),
    path("days-off/", days.days_off, name="days-off"),
    path("days-off/new/", days.days_off_new, name="days-off-new"),
    path("days-off/<int:holiday_id>/remove/", days.days_off_remove, name="days-off-remove"),
    path("courses/", views.courses, name="courses"),
    path("courses/new/", views.course_new, name="course-new"),
    path("courses/<int:course_id>/edit/", views.course_edit, name="course-edit"),
    path("courses/lesson-types/", types.lesson_types, name="lesson-types"),
    path("courses/lesson-types/new/", types.lesson_type_new, name="lesson-type-new"),
    path("courses/lesson-types/<int:lesson_type_id>/edit/", types.lesson_type_edit, name="lesson-type-edit"),
    path("courses/lesson-types/<int:lesson_type_id>/archive/", types.lesson_type_archive, name="lesson-type-archive"),
    path("courses/lesson-types/<int:lesson_type_id>/restore/", types.lesson_type_restore, name="lesson-type-restore"),
    path("rooms/", views.rooms, name="rooms"),
    path("rooms/new/", views.room_new, name="room-new"),
    path("rooms/<int:room_id>/edit/", views.room_edit, name="room-edit"),
]
