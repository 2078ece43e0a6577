from __future__ import annotations

from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from interviews.views import (
    candidate,
    corrections,
    dashboards,
    exports,
    invitations,
    lobby,
    notes,
    question_sets,
    review,
)

app_name = "interviews"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="interviews:lobby"), name="home"),
    # The candidate's
    path("join/<str:token>/", candidate.join, name="join"),
    path("interviews/<uuid:interview_id>/session/", candidate.session, name="session"),
    path(
        "interviews/<uuid:interview_id>/takes/<uuid:answer_id>/audio/",
        candidate.take_audio,
        name="take_audio",
    ),
    # The recruiter's
    path("interviews/", lobby.lobby, name="lobby"),
    path("interviews/new/", lobby.interview_new, name="interview_new"),
    path("interviews/side-by-side/", dashboards.side_by_side, name="side_by_side"),
    path("interviews/<uuid:interview_id>/", review.interview, name="interview"),
    path("interviews/<uuid:interview_id>/takes/<uuid:question_id>/", review.takes, name="takes"),
    path("interviews/<uuid:interview_id>/live/", dashboards.dashboard, name="dashboard"),
    path("interviews/<uuid:interview_id>/notes/", notes.notes, name="notes"),
    path("interviews/<uuid:interview_id>/notes/<uuid:note_id>/", notes.note, name="note"),
    path("interviews/<uuid:interview_id>/link/", invitations.interview_link, name="interview_link"),
    path("interviews/<uuid:interview_id>/invite/", invitations.invite, name="invite"),
    path("answers/<uuid:answer_id>/sound.json", dashboards.answer_sound, name="answer_sound"),
    path("interviews/<uuid:interview_id>/print/", exports.printed, name="interview_print"),
    path("interviews/<uuid:interview_id>/export/<str:kind>/", exports.export, name="interview_export"),
    path("answers/<uuid:answer_id>/export/<str:kind>/", exports.answer_captions, name="answer_export"),
    path(
        "interviews/<uuid:interview_id>/question-set/",
        question_sets.interview_to_set,
        name="interview_to_set",
    ),
    path("question-sets/", question_sets.question_sets, name="question_sets"),
    path("question-sets/new/", question_sets.question_set_new, name="question_set_new"),
    path("question-sets/<uuid:set_id>/", question_sets.question_set, name="question_set"),
    path("question-sets/<uuid:set_id>/copy/", question_sets.question_set_copy, name="question_set_copy"),
    path(
        "question-sets/<uuid:set_id>/delete/", question_sets.question_set_delete, name="question_set_delete"
    ),
    path("answers/<uuid:answer_id>/audio/", review.answer_audio, name="answer_audio"),
    path("answers/<uuid:answer_id>/corrections/", corrections.corrections, name="corrections"),
    path("media/<str:token>/", review.media, name="media"),
]

# What they show is somebody's: no browser and no proxy keeps it. Recordings say themselves how they are kept.
RECORDINGS = {"take_audio", "media"}
for pattern in urlpatterns:
    if pattern.name not in RECORDINGS:
        pattern.callback = never_cache(pattern.callback)
