"""Addresses of a site that has the interviews in two places."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("jobs/", include("interviews.urls")),
    path("people/hiring/", include(("interviews.urls", "interviews"), namespace="hiring")),
]
