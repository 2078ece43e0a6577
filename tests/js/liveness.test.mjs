import assert from "node:assert/strict"
import { test } from "node:test"

import { livenessOf } from "../../static/interviews/js/models/liveness.js"
import { ObservedInterview } from "../../static/interviews/js/models/observed_interview.js"

const IDS = { question_id: "q1", answer_id: "a1" }
const heartbeat = (candidate_silent_ms, interims = "live") => ({
  type: "heartbeat",
  revision: 5,
  interims,
  candidate_silent_ms
})
const state = (name, behind_ms = null) => ({
  type: "state",
  revision: 5,
  question_id: "q1",
  state: name,
  recogniser: "",
  behind_ms
})
const interim = (end_ms, heard_ms) => ({
  type: "transcription",
  revision: 5,
  ...IDS,
  segment: 0,
  text: "so",
  is_final: false,
  start_ms: 0,
  end_ms,
  heard_ms
})

function observed({ status = "in_progress", answer = "recording", messages = [] } = {}) {
  const interview = new ObservedInterview()
  interview.receive(
    {
      type: "snapshot",
      revision: 5,
      interview: { status, current_question_id: "q1" },
      questions: [{ question_id: "q1" }],
      answers: answer ? [{ ...IDS, kind: "voice", status: answer, segments: [], failure: "" }] : [],
      interim: null,
      watchers: [],
      interims: "live"
    },
    0
  )
  for (const message of messages) interview.receive(message, 0)
  return interview
}

const said = (interview, now = 0) => {
  const { name, ms } = livenessOf("connected", interview, now)
  return ms === null ? name : `${name} ${ms}`
}

test("what the socket says comes first, and nothing is live before there is anything", () => {
  assert.equal(livenessOf("reconnecting", observed(), 0).name, "reconnecting")
  assert.equal(livenessOf("signed_out", observed(), 0).name, "signed_out")
  assert.equal(said(new ObservedInterview()), "connecting")
})

test("live is live, and an interview that has not begun or is over says so", () => {
  assert.equal(said(observed({ messages: [heartbeat(500)] })), "connected")
  assert.equal(said(observed({ status: "scheduled" })), "waiting")
  assert.equal(said(observed({ status: "completed" })), "over")
  assert.equal(said(observed({ status: "expired" })), "over")
})

test("a server of which nothing is heard is said to be silent, until something comes again", () => {
  const interview = observed()

  assert.equal(said(interview, 6000), "connected")
  assert.equal(said(interview, 7000), "silent 7000")
  interview.connected(8000)
  assert.equal(said(interview, 8000), "connected")
})

test("words that come from the record are said to be delayed", () => {
  assert.equal(said(observed({ messages: [heartbeat(500, "late")] })), "late")
})

test("a candidate who sends nothing in an answer is away, and the time goes on between heartbeats", () => {
  const interview = observed({ messages: [heartbeat(7500)] })

  assert.equal(said(interview), "connected")
  assert.equal(said(interview, 1000), "away 8500")
  assert.equal(said(observed({ messages: [heartbeat(null)] }), 5000), "connected")
})

test("between answers a sign of life comes each ten seconds, and less is no absence", () => {
  assert.equal(said(observed({ answer: null, messages: [heartbeat(15000)] })), "connected")
  assert.equal(said(observed({ answer: null, messages: [heartbeat(20000)] })), "away 20000")
})

test("a recogniser that catches up says by how much where it knows", () => {
  assert.equal(said(observed({ messages: [state("catching_up")] })), "catching_up")
  assert.equal(said(observed({ messages: [state("catching_up", 4000)] })), "catching_up_by 4000")
  assert.equal(said(observed({ messages: [state("recorded_only")] })), "recorded_only")
  assert.equal(said(observed({ messages: [state("catching_up"), state("live")] })), "connected")
  assert.equal(said(observed({ answer: "complete", messages: [state("catching_up")] })), "connected")
})

test("words are behind by what had been heard after them, as long as they are new", () => {
  const interview = observed({ messages: [interim(1000, 4000)] })

  assert.equal(said(interview), "behind 3000")
  assert.equal(said(interview, 5000), "connected")
  assert.equal(said(observed({ messages: [interim(1000, 2500)] })), "connected")
  assert.equal(said(observed({ messages: [interim(1000)] })), "connected")
})
