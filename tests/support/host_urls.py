"""Addresses of a site of which the interviews are a part, under its own prefix and namespace."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("people/hiring/", include(("interviews.urls", "interviews"), namespace="hiring")),
]
