"""Addresses of courses, rooms, groups and enrolments."""

from django.urls import path

from daftar.office.courses import enrolments, views

urlpatterns = [
    path("groups/", views.groups, name="groups"),
    path("groups/new/", views.group_new, name="group-new"),
    path("groups/<int:group_id>/", views.group, name="group"),
    path("groups/<int:group_id>/edit/", views.group_edit, name="group-edit"),
    path("groups/<int:group_id>/add/", enrolments.group_add_student, name="group-add-student"),
    path("groups/<int:group_id>/lessons/new/", views.lesson_new, name="lesson-new"),
    path("students/<int:student_id>/enrol/", enrolments.student_enrol, name="student-enrol"),
    path("enrolments/<int:enrolment_id>/activate/", enrolments.enrolment_activate, name="enrolment-activate"),
    path("enrolments/<int:enrolment_id>/undo/", enrolments.enrolment_undo, name="enrolment-undo"),
    path("courses/", views.courses, name="courses"),
    path("courses/new/", views.course_new, name="course-new"),
    path("courses/<int:course_id>/edit/", views.course_edit, name="course-edit"),
    path("rooms/", views.rooms, name="rooms"),
    path("rooms/new/", views.room_new, name="room-new"),
    path("rooms/<int:room_id>/edit/", views.room_edit, name="room-edit"),
]
