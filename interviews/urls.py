from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from interviews.views import candidate, exports, interviews, live, notes, review

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="lobby"), name="home"),
    # The candidate's
    path("join/<str:token>/", candidate.join, name="join"),
    path("interviews/<uuid:interview_id>/session/", candidate.session, name="session"),
    # The recruiter's
    path("interviews/", interviews.lobby, name="lobby"),
    path("interviews/new/", interviews.interview_new, name="interview_new"),
    path("interviews/<uuid:interview_id>/", review.interview, name="interview"),
    path("interviews/<uuid:interview_id>/live/", live.dashboard, name="dashboard"),
    path("interviews/<uuid:interview_id>/notes/", notes.notes, name="notes"),
    path("interviews/<uuid:interview_id>/notes/<uuid:note_id>/", notes.note, name="note"),
    path("interviews/<uuid:interview_id>/link/", interviews.interview_link, name="interview_link"),
    path("answers/<uuid:answer_id>/sound.json", live.answer_sound, name="answer_sound"),
    path("interviews/<uuid:interview_id>/print/", exports.printed, name="interview_print"),
    path("interviews/<uuid:interview_id>/export/<str:kind>/", exports.export, name="interview_export"),
    path("answers/<uuid:answer_id>/export/<str:kind>/", exports.answer_captions, name="answer_export"),
    path("answers/<uuid:answer_id>/audio/", review.answer_audio, name="answer_audio"),
    path("media/<str:token>/", review.media, name="media"),
]
