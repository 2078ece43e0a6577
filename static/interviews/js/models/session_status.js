/*
 * The one line that says where things stand, as names of phrases: a headline, what is saved (`detail`),
 * and what becomes of what is not (`note`). Each may be null.
 */
export function sessionStatus(session, isOnline = true) {
  const state = stateOf(session, isOnline)
  const headline = state in HEADLINES ? HEADLINES[state] : `connection.${state}`
  return { state, headline, detail: detailOf(session), note: noteOf(session) }
}

const HEADLINES = {
  none: null,
  recording: "status.recording",
  catching_up: "status.catching_up",
  recorded_only: "recognition.recorded_only",
  saving: "status.saving",
  saved: "saving.all",
  saved_untranscribed: "status.saved_untranscribed",
  sending: "saving.written"
}

function stateOf(session, isOnline) {
  const { step, connection, upload, isOver, isPaused } = session
  if (isPaused || step === "check" || (step === "complete" && !isOver)) return "none"
  if (connection === "reconnecting" && !isOnline) return "offline"
  if (connection !== "connected") return connection
  if (step === "writing" || step === "sending") return "sending"
  if (isRecording(session)) return recognitionOf(session)
  if (step !== "finishing") return "connected"
  if (!upload?.isSaved) return "saving"
  return session.isRecordedOnly ? "saved_untranscribed" : "saved"
}

function recognitionOf({ recognition }) {
  const state = recognition?.state
  return state === "recorded_only" || state === "catching_up" ? state : "recording"
}

function isRecording({ step, microphoneLost }) {
  return step === "recording" && !microphoneLost
}

function detailOf({ step, upload, delivery, isPaused }) {
  if (isPaused || !upload || !["recording", "finishing"].includes(step)) return null
  if (step === "finishing" && upload.isSaved) return null
  return delivery === "live" ? "saving.up_to" : "saving.left"
}

function noteOf(session) {
  const { step, upload, delivery, lateMs, isOver } = session
  if (isOver) return null
  if (step === "recording" && !upload.isKept) return "delivery.not_kept"
  if (delivery === "away" && isRecording(session)) return "delivery.away_recording"
  if (delivery !== "live") return `delivery.${delivery}`
  return lateMs ? "late.closed" : null
}
