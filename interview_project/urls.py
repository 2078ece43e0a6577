from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.i18n import set_language


def icon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for a site's icon on pages that name none: the admin's."""
    return redirect(static("interviews/img/icon.svg"))


urlpatterns = [
    path("", include("interviews.urls")),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("language/", set_language, name="set_language"),
    path("favicon.ico", icon),
    path("admin/", admin.site.urls),
]
