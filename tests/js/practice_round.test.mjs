import assert from "node:assert/strict"
import { test } from "node:test"

import { PracticeRound } from "../../static/interviews/js/models/practice_round.js"

const chunk = (amplitude = 0) => new Int16Array(1600).fill(amplitude).buffer
const said = (segment, text, is_final) => ({
  type: "transcription",
  segment,
  text,
  is_final,
  start_ms: 0,
  end_ms: 1
})
const measures = (level, snr, clipped = 0) => ({
  speech_level_dbfs: { value: level, status: "ok" },
  snr_db: { value: snr, status: "ok" },
  clipped_ratio: { value: clipped, status: "ok" }
})

function recording({ seconds = 30 } = {}) {
  const round = new PracticeRound(seconds)
  round.start()
  return round
}

// Frames by their index, everything else as it is.
function sent(round) {
  return round
    .takeOutgoing()
    .map((message) => (message instanceof ArrayBuffer ? new DataView(message).getUint32(0) : message))
}

test("what is said before the server is ready is sent then, in order", () => {
  const round = recording()
  round.addAudio(chunk())
  round.addAudio(chunk())
  assert.deepEqual(sent(round), [])

  round.receive({ type: "practice_ready", seconds: 30 })
  assert.deepEqual(sent(round), [0, 1])
  round.addAudio(chunk())
  round.stop()

  assert.deepEqual(sent(round), [2, { type: "end_practice" }])
  assert.deepEqual(sent(round), [])
})

test("words are shown as they come and read back in the end", () => {
  const round = recording()
  round.receive({ type: "practice_ready", seconds: 30 })

  round.receive(said(0, "i bel", false))
  assert.equal(round.transcript.interim.text, "i bel")
  round.receive(said(0, "I believe", true))
  round.receive(said(1, "nothing", false))
  round.stop()
  round.receive({ type: "practice_complete", text: "I believe", duration_ms: 900 })
  round.disconnected()

  assert.equal(round.step, "done")
  assert.deepEqual(
    round.transcript.finals.map(({ text }) => text),
    ["I believe"]
  )
  assert.equal(round.transcript.interim, null)
  assert.equal(round.problem, null)
})

test("its time is over", () => {
  const round = recording({ seconds: 0.2 })

  assert.deepEqual([round.addAudio(chunk()), round.addAudio(chunk())], [true, false])
})

test("a busy recogniser is told, and nothing is kept of what was said", () => {
  const round = recording()
  round.addAudio(chunk())

  round.receive({ type: "error", code: "CAPACITY_EXCEEDED" })
  round.disconnected()

  assert.deepEqual([round.step, round.problem, round.chunks], ["failed", "CAPACITY_EXCEEDED", []])
})

test("a connection that breaks off is told", () => {
  const round = recording()

  round.disconnected()

  assert.deepEqual([round.step, round.problem], ["failed", "CONNECTION"])
})

test("advice comes from the last measures, or where there are none from the level bar", () => {
  const round = recording()
  round.addAudio(chunk(3000))
  assert.equal(round.advice, "clear")

  round.receive({ type: "voice_metrics", measures: measures(-20, 40) })
  assert.equal(round.advice, "clear")
  round.receive({ type: "voice_metrics", measures: measures(-20, 10) })
  assert.equal(round.advice, "noisy")
})

test("the level bar tells of silence and of clipping", () => {
  const silent = recording()
  silent.addAudio(chunk())
  const loud = recording()
  loud.addAudio(chunk(32767))
  loud.addAudio(chunk(3000))

  assert.deepEqual([silent.advice, loud.advice], ["none", "distorted"])
})
