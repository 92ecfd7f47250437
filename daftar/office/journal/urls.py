"""Addresses of lessons."""

from django.urls import path

from daftar.office.journal import views

urlpatterns = [path("lessons/<int:lesson_id>/", views.lesson, name="lesson")]
