import { AWAY_MS } from "./observed_interview.js"

/*
 * How live what a page shows is, as the name of one of its sentences, and for how long or by how much:
 * { name, ms }, with ms null where there is no telling. What keeps more from being seen comes first.
 */

// A heartbeat comes every second or two.
const SILENT_MS = 6000
// While they answer, audio comes all the time; otherwise their page gives a sign of life every ten seconds.
const AWAY_BETWEEN_ANSWERS_MS = 18000
const BEHIND_MS = 2000
// An interim older than this says nothing of how far words are behind now.
const FRESH_MS = 4000

export function livenessOf(connection, interview, now) {
  if (connection !== "connected") return state(connection)
  if (!interview.interview) return state("connecting")
  const heardMs = now - interview.heardAt
  if (heardMs > SILENT_MS) return state("silent", heardMs)
  const { status } = interview.interview
  if (status === "scheduled") return state("waiting")
  if (status !== "in_progress") return state("over")
  if (interview.interims === "late") return state("late")
  return candidate(interview, now) ?? recognition(interview, now) ?? state("connected")
}

function candidate(interview, now) {
  const silentMs = interview.candidateSilentMs(now)
  const mostMs = interview.currentAnswer?.status === "recording" ? AWAY_MS : AWAY_BETWEEN_ANSWERS_MS
  return silentMs !== null && silentMs > mostMs ? state("away", silentMs) : null
}

function recognition(interview, now) {
  if (interview.currentAnswer?.status !== "recording") return null
  const { state: phase, behind_ms } = interview.recognition(interview.currentQuestionId) ?? {}
  if (phase === "recorded_only") return state("recorded_only")
  if (phase === "catching_up") return behind_ms ? state("catching_up_by", behind_ms) : state("catching_up")
  const { interim } = interview
  if (!interim?.heard_ms || now - interview.interimAt > FRESH_MS) return null
  const behindMs = interim.heard_ms - interim.end_ms
  return behindMs >= BEHIND_MS ? state("behind", behindMs) : null
}

function state(name, ms = null) {
  return { name, ms }
}
