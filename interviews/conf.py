"""The settings of `interviews`, read as `conf.NAME`; docs/settings.md says more of each."""

from __future__ import annotations

from typing import Final

from speech.setting_declarations import Address, Declarations, Text, Whole


class InterviewSettings(Declarations):
    # Site

    SITE_URL = Address("http://127.0.0.1:8000", help="The address under which browsers reach the site.")
    MEDIA_LINK_SECONDS = Whole(3600, minimum=1, help="How long a link to a recording works.")

    # Interviews

    INTERVIEW_ORCHESTRATOR = Text(
        "interviews.orchestration.Orchestrator", help="The class that decides what comes next."
    )
    INTERVIEW_LINK_DAYS = Whole(30, minimum=1, help="How long a candidate's link works.")
    CANDIDATE_ACCESS_DAYS = Whole(
        14, help="So long after the end of an interview its candidate reads and notes what was understood."
    )
    DATA_RETENTION_DAYS = Whole(
        180, help="So long after an interview's end, or else its link's, its data is deleted; 0 keeps it."
    )
    SCRUB_HOURS = Whole(
        24, help="What deleted rows leave in SQLite's file is gone so long after, at a quiet moment or not."
    )
    INVITATIONS_PER_INTERVIEW = Whole(10, help="How often a candidate may be sent their link by e-mail.")
    ADMIN_MAX_INTERVIEWS = Whole(
        200, minimum=1, help="How many interviews an action of the admin takes at once."
    )
    EXPORT_MAX_BYTES = Whole(1024**3, help="How much audio the ZIP of such an action holds.")
    ANSWER_MAX_SECONDS = Whole(3600, minimum=1, help="The longest answer.")
    ANSWER_MAX_BYTES = Whole(256 * 1024**2, minimum=1, help="The same in bytes received.")
    ANSWER_MAX_PARTS = Whole(200, minimum=1, help="How often a recorder may start anew within one answer.")
    INTERVIEW_MAX_BYTES = Whole(
        1024**3,
        minimum=1,
        help="The same for an interview: all its answers, with what was given up.",
    )
    ANSWER_MIN_MS = Whole(200, help="Less audio is no answer.")
    ANSWER_FINISH_TIMEOUT_SECONDS = Whole(
        60, minimum=1, help="A recogniser that says nothing at all for so long after the end is given up."
    )
    ANSWER_LEASE_SECONDS = Whole(
        30, minimum=5, help="How long an answer belongs to whoever works on it without a sign of life."
    )
    ANSWER_GRACE_SECONDS = Whole(
        3600, minimum=5, help="How long a candidate who was cut off in mid-answer may stay away."
    )
    FAILED_TAKE_SECONDS = Whole(
        3600, help="How long the audio of a take is kept that failed, or that its candidate gave up."
    )
    OWED_RETRY_SECONDS = Whole(
        30,
        minimum=1,
        help="So long after a failure what an answer is owed is tried again; then twice as long.",
    )
    OWED_RETRY_MAX_SECONDS = Whole(3600, minimum=1, help="The longest wait between two attempts.")
    HAND_OVER_TIMEOUT_SECONDS = Whole(
        120, minimum=1, help="A hand-over that takes longer is waited for no more, and tried again later."
    )
    GIVEN_UP_TAKES = Whole(
        2, help="How often what was recorded of a question may be given up for another beginning."
    )
    TEXT_ANSWER_MAX_CHARS = Whole(20_000, minimum=1, help="The longest written answer.")
    ANSWER_NOTE_MAX_CHARS = Whole(
        1000, minimum=1, help="The longest note that a candidate adds to the transcript of an answer."
    )
    PRACTICE_SECONDS = Whole(30, minimum=5, help="The longest practice before an interview.")
    PRACTICE_IDLE_SECONDS = Whole(
        10, minimum=1, help="A practice in which no audio comes for so long is closed."
    )
    LOW_CONFIDENCE_PERCENT = Whole(
        50, help="Words of which the recogniser is less sure are marked for recruiters; 0 marks none."
    )
    NOTE_MAX_CHARS = Whole(2000, minimum=1, help="The longest note of a recruiter.")
    NOTES_PER_INTERVIEW = Whole(
        500, minimum=1, help="How many notes and highlights one recruiter may keep of an interview."
    )

    # Threads

    ROW_THREADS = Whole(4, minimum=1, help="Threads of a process that read and change rows for sockets.")
    STEP_THREADS = Whole(
        4,
        minimum=1,
        help="Those in which the orchestrator says what comes next, while a candidate waits.",
    )
    HAND_OVER_THREADS = Whole(
        4, minimum=1, help="Those in which answers are handed over to the orchestrator."
    )
    FILE_THREADS = Whole(4, minimum=1, help="Those that read and write recordings and exports.")

    # Sockets

    AUDIO_FRAME_MAX_BYTES = Whole(256 * 1024, minimum=1024, help="The largest chunk.")
    AUDIO_BACKLOG_BYTES = Whole(
        2 * 1024**2, minimum=64 * 1024, help="Audio of one connection that is not stored yet."
    )
    JOURNAL_MAX_BYTES = Whole(
        64 * 1024**2,
        minimum=64 * 1024,
        help="Audio of all connections of a process that is not stored yet.",
    )
    SOCKET_IDLE_SECONDS = Whole(
        120, minimum=5, help="A candidate's socket on which nothing comes for so long is closed."
    )
    SOCKET_MESSAGES_PER_SECOND = Whole(50, minimum=1, help="Messages other than audio.")
    SOCKET_UNREAD_BYTES = Whole(
        1024**2,
        minimum=64 * 1024,
        help="What may wait for the peer of a socket that doesn't read; beyond, it is closed.",
    )
    CHANNEL_LAYER_TIMEOUT_SECONDS = Whole(
        5, minimum=1, help="A channel layer that takes longer for a message or a membership is tried anew."
    )
    OBSERVER_HEARTBEAT_SECONDS = Whole(1, minimum=1, help="How often observers are told the revision.")
    OBSERVER_INTERIMS_PER_SECOND = Whole(5, minimum=1, help="How many interims an observer is sent at most.")
    OBSERVER_UNSEEN_BYTES = Whole(
        512 * 1024,
        minimum=64 * 1024,
        help="What an observer, or a lobby, may be sent without a sign that it reads.",
    )
    OBSERVER_UNSEEN_SECONDS = Whole(20, minimum=2, help="So long it may stay there before it is closed.")


conf: Final = InterviewSettings()
