from __future__ import annotations

from django.urls import path, re_path

from interviews.consumers import (
    CandidateConsumer,
    LobbyConsumer,
    PracticeConsumer,
    UnknownConsumer,
    WatchConsumer,
)

websocket_urlpatterns = [
    path("ws/interviews/", LobbyConsumer.as_asgi()),
    path("ws/interviews/<uuid:interview_id>/", CandidateConsumer.as_asgi(), name="answer_socket"),
    path("ws/interviews/<uuid:interview_id>/practice/", PracticeConsumer.as_asgi(), name="practice_socket"),
    path("ws/interviews/<uuid:interview_id>/watch/", WatchConsumer.as_asgi(), name="watch_socket"),
    re_path("", UnknownConsumer.as_asgi()),
]
