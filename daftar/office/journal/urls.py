"""Addresses of lessons."""

from django.urls import path

from daftar.office.journal import views

urlpatterns = [
    path("lessons/<int:lesson_id>/", views.lesson, name="lesson"),
    path("lessons/<int:lesson_id>/undo/", views.lesson_undo, name="lesson-undo"),
]
