"""Addresses of reports."""

from django.urls import path

from daftar.office.reports import contracts, left, paid, views

urlpatterns = [
    path("reports/", views.charges, name="charges"),
    path("reports/today/", views.due_today, name="due-today"),
    path("reports/uncharged/", views.not_charged, name="uncharged"),
    path("reports/unpriced/", views.unpriced, name="unpriced"),
    path("reports/forecast/", views.forecast, name="forecast"),
    path("reports/lifetime/", paid.lifetime, name="lifetime"),
    path("reports/groups/", paid.group_income, name="group-income"),
    path("reports/left/", left.left, name="left"),
    path("reports/contracts/", contracts.contracts, name="contracts"),
    path("students/<int:student_id>/forecast/", views.student_forecast, name="student-forecast"),
]
