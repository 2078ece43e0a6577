// What the server's error and close codes mean for the candidate's page.

export const RESEND = new Set(["CHUNK_GAP", "AUDIO_BACKLOG"])

// This take is none: its question is open again.
export const RECORD_AGAIN = new Set([
  "AUDIO_TOO_SHORT",
  "AUDIO_DECODING_FAILED",
  "AUDIO_FORMAT_UNSUPPORTED",
  "INTERVIEW_FULL"
])

// The interview stands elsewhere than this page has heard.
export const GONE_ON = new Set(["QUESTION_ALREADY_ANSWERED", "TAKES_EXHAUSTED"])

// What the close code that follows, or the recognition's state, says as well.
export const SAID_ELSEWHERE = new Set([
  "SERVER_RESTARTING",
  "SESSION_REPLACED",
  "TIMEOUT",
  "STT_FAILED",
  "CAPACITY_EXCEEDED",
  "VOICE_METRICS_UNAVAILABLE"
])

// A close code, or what else ended the connection, that trying again does not mend.
export const FINAL_CLOSES = new Map([
  [4401, "refused"],
  [4403, "refused"],
  [4404, "refused"],
  [4409, "replaced"]
])

export const RESTARTING = 4412
