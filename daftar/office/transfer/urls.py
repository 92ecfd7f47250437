"""Addresses of files brought in."""

from django.urls import path

from daftar.office.transfer import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/new/", views.import_new, name="import-new"),
    path("imports/<int:import_id>/", views.import_progress, name="import"),
    path("imports/<int:import_id>/columns/", views.import_columns, name="import-columns"),
    path("imports/<int:import_id>/groups/", views.import_groups, name="import-groups"),
    path("imports/<int:import_id>/check/", views.import_check, name="import-check"),
    path("imports/<int:import_id>/undo/", views.import_undo, name="import-undo"),
    path("imports/<int:import_id>/errors/", views.import_errors, name="import-errors"),
]
