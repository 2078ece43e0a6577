import assert from "node:assert/strict"
import { test } from "node:test"

import { sessionStatus } from "../../static/interviews/js/models/session_status.js"

const UPLOAD = { isSaved: false, isKept: true }

function status(fields, isOnline = true) {
  const session = {
    step: "recording",
    connection: "connected",
    upload: UPLOAD,
    delivery: "live",
    lateMs: 0,
    recognition: null,
    isRecordedOnly: false,
    isOver: false,
    microphoneLost: false,
    ...fields
  }
  const { state, headline, detail, note } = sessionStatus(session, isOnline)
  return [state, headline, detail, note]
}

for (const [name, fields, expected] of [
  ["recording", {}, ["recording", "status.recording", "saving.up_to", null]],
  [
    "words come late",
    { recognition: { state: "catching_up" } },
    ["catching_up", "status.catching_up", "saving.up_to", null]
  ],
  [
    "no words come",
    { recognition: { state: "recorded_only" }, isRecordedOnly: true },
    ["recorded_only", "recognition.recorded_only", "saving.up_to", null]
  ],
  [
    "a slow network",
    { delivery: "behind" },
    ["recording", "status.recording", "saving.left", "delivery.behind"]
  ],
  [
    "no connection",
    { connection: "reconnecting", delivery: "away" },
    ["reconnecting", "connection.reconnecting", "saving.left", "delivery.away_recording"]
  ],
  [
    "a microphone that is gone is not recording",
    { microphoneLost: true },
    ["connected", "connection.connected", "saving.up_to", null]
  ],
  [
    "and neither without a connection",
    { microphoneLost: true, connection: "restarting", delivery: "away" },
    ["restarting", "connection.restarting", "saving.left", "delivery.away"]
  ],
  [
    "a browser that keeps nothing says so first",
    { connection: "reconnecting", delivery: "away", upload: { ...UPLOAD, isKept: false } },
    ["reconnecting", "connection.reconnecting", "saving.left", "delivery.not_kept"]
  ],
  ["stopped, and not all is saved", { step: "finishing" }, ["saving", "status.saving", "saving.up_to", null]],
  ["all is saved", { step: "finishing", upload: { isSaved: true } }, ["saved", "saving.all", null, null]],
  [
    "all is saved and its words follow",
    { step: "finishing", upload: { isSaved: true }, isRecordedOnly: true },
    ["saved_untranscribed", "status.saved_untranscribed", null, null]
  ],
  ["a written answer", { step: "writing", upload: null }, ["sending", "saving.written", null, null]],
  ["the choice of a take", { step: "sending", upload: null }, ["sending", "saving.written", null, null]],
  ["a pause, which says itself what is saved", { isPaused: true, isOver: true }, ["none", null, null, null]],
  ["a question", { step: "question", upload: null }, ["connected", "connection.connected", null, null]],
  [
    "what came too late",
    { step: "question", upload: null, lateMs: 2000 },
    ["connected", "connection.connected", null, "late.closed"]
  ],
  [
    "another window",
    { step: "question", upload: null, connection: "replaced", isOver: true, lateMs: 2000 },
    ["replaced", "connection.replaced", null, null]
  ],
  ["before the beginning", { step: "check", connection: "connecting" }, ["none", null, null, null]],
  ["the end", { step: "complete", upload: null }, ["none", null, null, null]]
]) {
  test(name, () => {
    assert.deepEqual(status(fields), expected)
  })
}

test("offline is told apart from a server that is away", () => {
  const [state] = status({ connection: "reconnecting", delivery: "away" }, false)

  assert.equal(state, "offline")
})
