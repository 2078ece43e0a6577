"""The rows. What happens to them is in `services`; who may see them is in `access`."""

from interviews.models.answers import (
    Answer,
    AnswerQuerySet,
    AudioChunk,
    AudioPart,
    Remeasurement,
    Retranscription,
    Segment,
    audio_folder,
)
from interviews.models.interviews import (
    MAX_TAKES,
    TIME_FACTORS,
    CandidateHeard,
    Interview,
    InterviewQuerySet,
    Invitation,
    Question,
    QuestionSet,
    SetQuestion,
    watcher_field,
)
from interviews.models.owed import Owed, OwedQuerySet, from_now
from interviews.models.reviews import Correction, Note

__all__ = [
    "MAX_TAKES",
    "TIME_FACTORS",
    "Answer",
    "AnswerQuerySet",
    "AudioChunk",
    "AudioPart",
    "CandidateHeard",
    "Correction",
    "Interview",
    "InterviewQuerySet",
    "Invitation",
    "Note",
    "Owed",
    "OwedQuerySet",
    "Question",
    "QuestionSet",
    "Remeasurement",
    "Retranscription",
    "Segment",
    "SetQuestion",
    "audio_folder",
    "from_now",
    "watcher_field",
]
