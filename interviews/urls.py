from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from interviews import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="lobby"), name="home"),
    # The candidate's
    path("join/<str:token>/", views.join, name="join"),
    path("interviews/<uuid:interview_id>/session/", views.session, name="session"),
    # The recruiter's
    path("interviews/", views.lobby, name="lobby"),
    path("interviews/new/", views.interview_new, name="interview_new"),
    path("interviews/<uuid:interview_id>/", views.interview, name="interview"),
    path("interviews/<uuid:interview_id>/live/", views.dashboard, name="dashboard"),
    path("interviews/<uuid:interview_id>/link/", views.interview_link, name="interview_link"),
    path("answers/<uuid:answer_id>/audio/", views.answer_audio, name="answer_audio"),
]
