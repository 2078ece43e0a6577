import assert from "node:assert/strict"
import { test } from "node:test"

import { ObservedInterview } from "../../static/interviews/js/models/observed_interview.js"

const IDS = { question_id: "q1", answer_id: "a1" }
const final = (revision, segment, text) => ({
  type: "transcription",
  revision,
  ...IDS,
  segment,
  text,
  is_final: true,
  start_ms: 0,
  end_ms: 1
})
const interim = (revision, segment, text) => ({
  type: "transcription",
  revision,
  ...IDS,
  segment,
  text,
  is_final: false,
  start_ms: 0,
  end_ms: 1
})
const heartbeat = (revision, interims = "live") => ({ type: "heartbeat", revision, interims })
const started = (revision) => ({ type: "answer_started", revision, ...IDS, take: 1, segments: [] })
const metrics = (revision, real_time, rate) => ({
  type: "voice_metrics",
  revision,
  ...IDS,
  real_time,
  speaking_rate_wpm: rate
})
const complete = (revision, status = "complete") => ({
  type: "answer_complete",
  revision,
  ...IDS,
  text: "all",
  confidence: 0.9,
  duration_ms: 5000,
  status,
  kind: "voice"
})

function snapshot(revision, fields = {}) {
  return {
    type: "snapshot",
    revision,
    interview: { status: "in_progress" },
    questions: [{ question_id: "q1" }, { question_id: "q2" }],
    answers: [],
    interim: null,
    watchers: [],
    interims: "live",
    ...fields
  }
}

function observed(revision = 5, fields = {}) {
  const interview = new ObservedInterview()
  interview.receive(snapshot(revision, fields))
  return interview
}

function texts(interview) {
  return interview.answer("q1").segments.map(({ text }) => text)
}

test("nothing counts before the snapshot", () => {
  const interview = new ObservedInterview()

  assert.equal(interview.receive(final(1, 0, "early")), "ignored")
  assert.equal(interview.answer("q1"), null)
})

test("changes that follow each other are applied, and several may be one revision", () => {
  const interview = observed(5)

  const outcomes = [started(6), final(7, 0, "one"), metrics(8, false, 120), complete(8)].map((m) =>
    interview.receive(m)
  )

  assert.deepEqual(outcomes, ["applied", "applied", "applied", "applied"])
  assert.equal(interview.revision, 8)
  assert.deepEqual(texts(interview), ["one"])
  assert.equal(interview.answer("q1").status, "complete")
  assert.equal(interview.metrics("q1").speaking_rate_wpm, 120)
})

test("a change that comes twice is applied once", () => {
  const interview = observed(5)
  interview.receive(started(6))

  interview.receive(final(7, 0, "one"))
  interview.receive(final(7, 0, "one"))

  assert.deepEqual(texts(interview), ["one"])
})

test("a hole asks for a snapshot, once, and nothing is applied until it comes", () => {
  const interview = observed(5)

  assert.equal(interview.receive(final(7, 1, "two")), "resync")
  assert.equal(interview.receive(final(8, 2, "three")), "ignored")
  interview.receive(
    snapshot(8, { answers: [{ ...IDS, status: "recording", segments: [{ segment: 0, text: "one" }] }] })
  )

  assert.equal(interview.revision, 8)
  assert.deepEqual(texts(interview), ["one"])
})

test("a snapshot that never comes is asked for again", () => {
  const interview = observed(5)

  const outcomes = Array.from({ length: 7 }, () => interview.receive(heartbeat(9)))

  assert.deepEqual(outcomes, ["resync", "ignored", "ignored", "ignored", "ignored", "resync", "ignored"])
})

test("an interim or a heartbeat of a later revision shows a hole", () => {
  assert.equal(observed(5).receive(interim(6, 0, "ahead")), "resync")
  assert.equal(observed(5).receive(heartbeat(6)), "resync")
  assert.equal(observed(5).receive(metrics(6, true, 100)), "resync")
})

test("a change older than what is shown is passed over", () => {
  const interview = observed(5)

  assert.equal(interview.receive(final(4, 0, "old")), "ignored")
  assert.equal(interview.receive(heartbeat(4)), "applied")
  assert.equal(interview.answer("q1"), null)
  assert.equal(interview.revision, 5)
})

test("an interim is shown although another answer has changed since", () => {
  const interview = observed(5)

  interview.receive(interim(4, 0, "my great"))

  assert.equal(interview.interim.text, "my great")
})

test("an interim that comes after its final, or after its answer's end, is not shown", () => {
  const interview = observed(5)
  interview.receive(started(6))
  interview.receive(final(7, 0, "my greatest"))

  interview.receive(interim(7, 0, "my great"))
  assert.equal(interview.interim, null)
  interview.receive(complete(8))
  interview.receive(interim(7, 1, "and"))

  assert.equal(interview.interim, null)
})

test("the interim goes when its final comes", () => {
  const interview = observed(5)
  interview.receive(started(6))
  interview.receive(interim(6, 0, "my great"))
  assert.equal(interview.interim.text, "my great")

  interview.receive(final(7, 0, "my greatest"))

  assert.equal(interview.interim, null)
})

test("who watches is shown whatever the revision", () => {
  const interview = observed(5)

  interview.receive({ type: "presence", revision: 4, watchers: ["Ada", "Grace"] })

  assert.deepEqual(interview.watchers, ["Ada", "Grace"])
})

test("whether interims are late is told by heartbeats and snapshots, whatever the revision", () => {
  const interview = observed(5)

  interview.receive(heartbeat(7, "late"))
  assert.equal(interview.interims, "late")
  interview.receive(snapshot(7))
  assert.equal(interview.interims, "live")
  interview.receive(snapshot(8, { interims: "late" }))

  assert.equal(interview.interims, "late")
})

test("a new connection doesn't begin late", () => {
  const interview = observed(5, { interims: "late" })

  interview.disconnected()

  assert.equal(interview.interims, "live")
})

test("metrics of the last seconds give way to those of the answer", () => {
  const interview = observed(5)
  interview.receive(started(6))

  interview.receive(metrics(6, true, 100))
  assert.equal(interview.metrics("q1").speaking_rate_wpm, 100)
  interview.receive(metrics(7, false, 130))

  assert.equal(interview.metrics("q1").speaking_rate_wpm, 130)
})

test("a failed take is shown as none", () => {
  const interview = observed(5)
  interview.receive(started(6))

  interview.receive(complete(7, "failed"))

  assert.equal(interview.answer("q1"), null)
})

test("the interview's progress follows its messages", () => {
  const interview = observed(5, { interview: { status: "scheduled" } })
  assert.equal(interview.currentQuestionId, null)

  interview.receive({ type: "question", revision: 6, question_id: "q1" })
  assert.deepEqual([interview.interview.status, interview.currentQuestionId], ["in_progress", "q1"])
  interview.receive(started(7))
  interview.receive(complete(8))
  assert.equal(interview.answeredCount, 1)
  interview.receive({ type: "interview_complete", revision: 8 })

  assert.deepEqual([interview.interview.status, interview.currentQuestionId], ["completed", null])
})

test("a snapshot replaces everything, also on a new connection", () => {
  const interview = observed(5)
  interview.receive(started(6))
  interview.receive(interim(6, 0, "open"))

  interview.disconnected()
  assert.equal(interview.interim, null)
  interview.receive(snapshot(4))

  assert.equal(interview.revision, 4)
  assert.equal(interview.answer("q1"), null)
})

test("what is recorded without a recogniser is a change of its own, which a snapshot shows too", () => {
  const state = (revision, name) => ({
    type: "state",
    revision,
    question_id: "q1",
    state: name,
    recogniser: ""
  })
  const interview = observed(5, {
    answers: [{ ...IDS, status: "recording", text: "", segments: [], failure: "" }]
  })

  const outcomes = [state(6, "recorded_only"), state(6, "catching_up")].map((message) =>
    interview.receive(message)
  )
  const hole = observed(5).receive(state(6, "live"))
  const late = observed(6, {
    answers: [{ ...IDS, status: "recording", segments: [], failure: "CAPACITY_EXCEEDED" }]
  })

  assert.deepEqual(outcomes, ["applied", "applied"])
  assert.equal(interview.revision, 6)
  assert.equal(interview.recognition("q1").state, "catching_up")
  assert.equal(hole, "resync")
  assert.equal(late.recognition("q1").state, "recorded_only")
})

test("what a snapshot leaves out of an answer stays, as long as it is shared at all", () => {
  const trace = { start_ms: 0, interval_ms: 50, level_dbfs: [-20], pitch_hz: [120], speech_ms: [[0, 50]] }
  const words = [{ word: "one", start_ms: 0, end_ms: 50 }]
  const brief = (voice_metrics) => ({
    answers: [{ ...IDS, status: "complete", segments: [{ segment: 0, text: "one" }], voice_metrics }]
  })
  const interview = observed(5)
  interview.receive(started(6))
  interview.receive({ ...final(7, 0, "one"), words })
  interview.receive({ ...metrics(8, false, 120), trace })

  interview.receive(snapshot(9, brief({ speaking_rate_wpm: 120, trace: null })))
  assert.deepEqual(interview.metrics("q1"), { speaking_rate_wpm: 120, trace })
  assert.deepEqual(interview.answer("q1").segments, [{ words, segment: 0, text: "one" }])
  interview.receive(snapshot(10, brief(null)))

  assert.equal(interview.answer("q1").voice_metrics, null)
})

test("of several takes the last is shown until one is chosen", () => {
  const second = { question_id: "q1", answer_id: "a2" }
  const interview = observed(5)
  for (const message of [started(6), metrics(6, true, 120), final(7, 0, "one"), complete(8)])
    interview.receive(message)

  interview.receive({ ...started(9), ...second })
  assert.deepEqual(
    [interview.answer("q1").answer_id, texts(interview), interview.metrics("q1")],
    ["a2", [], null]
  )
  interview.receive({ ...complete(10), ...second })
  interview.receive({ type: "take_chosen", revision: 11, ...IDS })

  assert.deepEqual([interview.answer("q1").answer_id, texts(interview)], ["a1", ["one"]])
  assert.equal(interview.answeredCount, 1)
})

test("a take that fails leaves the one before it", () => {
  const interview = observed(5, { answers: [{ ...IDS, status: "complete", segments: [], is_chosen: false }] })
  interview.receive({ ...started(6), answer_id: "a2" })

  interview.receive({ ...complete(7, "failed"), answer_id: "a2" })

  assert.equal(interview.answer("q1").answer_id, "a1")
})

test("a snapshot tells which take was chosen", () => {
  const takes = [true, false].map((is_chosen, n) => ({ ...IDS, answer_id: `a${n}`, segments: [], is_chosen }))

  assert.equal(observed(5, { answers: takes }).answer("q1").answer_id, "a0")
})

test("the candidate's note is shown with the answer, and taken back", () => {
  const interview = observed(5, {
    answers: [{ ...IDS, status: "complete", segments: [], candidate_note: "" }]
  })

  interview.receive({ type: "answer_noted", revision: 6, ...IDS, text: "It was Ada." })
  assert.equal(interview.answer("q1").candidate_note, "It was Ada.")

  interview.receive({ type: "answer_noted", revision: 7, ...IDS, text: "" })
  assert.equal(interview.answer("q1").candidate_note, "")
})

test("finals keep their order, and one that comes again takes its place", () => {
  const interview = observed(5)
  interview.receive(started(6))

  for (const [revision, segment, text] of [
    [7, 0, "one"],
    [8, 2, "three"],
    [9, 1, "two"],
    [9, 1, "zwei"]
  ]) {
    interview.receive(final(revision, segment, text))
  }

  assert.deepEqual(texts(interview), ["one", "zwei", "three"])
})

test("live metrics are those of the take that is being recorded", () => {
  const interview = observed(5)
  interview.receive(started(6))
  interview.receive(metrics(6, true, 100))

  interview.receive({ ...started(7), answer_id: "a2" })

  assert.equal(interview.metrics("q1"), null)
})

test("what an answer lacks is fetched once and added", () => {
  const sound = {
    answer_id: "a1",
    trace: { start_ms: 0 },
    segments: [{ segment: 0, words: [{ word: "one" }] }]
  }
  const measured = { measures: { snr_db: {} }, trace: null }
  const answer = {
    ...IDS,
    kind: "voice",
    status: "complete",
    segments: [{ segment: 0, text: "one" }],
    voice_metrics: measured
  }
  const interview = observed(5, { answers: [answer] })
  const before = interview.lacksSound("q1")

  interview.addSound(sound)
  interview.addSound({ ...sound, answer_id: "unknown" })

  assert.deepEqual([before, interview.lacksSound("q1"), interview.lacksSound("q2")], [true, false, false])
  assert.deepEqual(interview.answer("q1").segments[0].words, [{ word: "one" }])
  assert.deepEqual(interview.metrics("q1").trace, { start_ms: 0 })
})

test("an answer that is not measured lacks no drawing, and one in writing nothing", () => {
  const voice = { ...IDS, kind: "voice", status: "complete", segments: [], voice_metrics: null }
  const written = { ...voice, question_id: "q2", answer_id: "a2", kind: "text" }
  const interview = observed(5, { answers: [voice, written] })

  assert.deepEqual([interview.lacksSound("q1"), interview.lacksSound("q2")], [false, false])
})

test("the place in an answer is what was heard of it, and goes on with the clock", () => {
  const interview = observed(5, { interview: { status: "in_progress", current_question_id: "q1" } })
  const at = (now) => interview.place(now).at_ms
  assert.deepEqual(interview.place(0), { question_id: "q1", answer_id: null, at_ms: null })

  interview.receive({ ...started(6), next_chunk_index: 0 }, 1000)
  assert.deepEqual(interview.place(1500), { question_id: "q1", answer_id: "a1", at_ms: 500 })
  interview.receive({ ...interim(6, 0, "so"), heard_ms: 3000 }, 3500)
  assert.equal(at(4000), 3500)
  interview.receive(
    { ...metrics(6, true, 100), trace: { start_ms: 0, interval_ms: 50, level_dbfs: Array(100).fill(0) } },
    6000
  )
  assert.equal(at(6000), 5000)
  interview.receive({ type: "heartbeat", revision: 6, interims: "live", candidate_silent_ms: 9000 }, 10000)
  // Nothing has come since: the answer has not gone on.
  assert.equal(at(12000), 5000)
})

test("without any word of how much was heard, the place is after the last final, and at its end the whole", () => {
  const answer = { ...IDS, kind: "voice", status: "recording", segments: [{ segment: 0, end_ms: 7000 }] }
  const here = { interview: { status: "in_progress", current_question_id: "q1" } }

  assert.equal(observed(5, { ...here, answers: [answer] }).place(0).at_ms, 7000)
  assert.equal(
    observed(5, { ...here, answers: [{ ...answer, status: "pending", duration_ms: 9000 }] }).place(0).at_ms,
    9000
  )
})
