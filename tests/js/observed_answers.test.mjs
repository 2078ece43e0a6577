import assert from "node:assert/strict"
import { test } from "node:test"

import { isEnded, ObservedAnswers } from "../../static/interviews/js/models/observed_answers.js"

const word = (text) => ({ word: text, start_ms: 0, end_ms: 400 })
const ids = (number = 1, question = "q1") => ({ question_id: question, answer_id: `a${number}` })
const final = (segment, text, number = 1) => ({ ...ids(number), segment, text, words: [word(text)] })
const METRICS = { measures: { duration_s: { status: "ok", value: 1 } } }
const TRACE = { start_ms: 0, interval_ms: 50, level_dbfs: [-20] }

// One of a snapshot: words and trace are left out.
const told = (fields = {}) => ({
  ...ids(),
  kind: "voice",
  status: "complete",
  text: "so",
  segments: [{ segment: 0, text: "so" }],
  voice_metrics: METRICS,
  ...fields
})

function answers(...restored) {
  const observed = new ObservedAnswers()
  observed.restore(restored)
  return observed
}

const texts = (observed, question = "q1") => observed.get(question).segments.map(({ text }) => text)

test("a question that nobody has answered has no answer", () => {
  assert.equal(new ObservedAnswers().get("q1"), null)
  assert.equal(answers().get("q1"), null)
  assert.equal(answers(told()).get("q2"), null)
})

test("of several takes the last one counts, unless one was chosen", () => {
  const takes = [1, 2, 3].map((number) => told(ids(number)))
  const chosen = takes.map((take) => ({ ...take, is_chosen: take.answer_id === "a1" }))

  assert.equal(answers(...takes).get("q1").answer_id, "a3")
  assert.equal(answers(...chosen).get("q1").answer_id, "a1")
})

test("one that has begun is being recorded, with what was said before", () => {
  const observed = new ObservedAnswers()
  const before = [final(0, "so")]

  observed.started({ ...ids(), take: 2, segments: before })
  observed.said(final(1, "then"))

  const { status, kind, take, voice_metrics } = observed.get("q1")
  assert.deepEqual([status, kind, take, voice_metrics], ["recording", "voice", 2, null])
  assert.deepEqual(texts(observed), ["so", "then"])
  // What came in the message is not ours to change.
  assert.equal(before.length, 1)
})

test("finals stand in their order however they come, and the later text of one counts", () => {
  const observed = new ObservedAnswers()

  for (const one of [
    final(2, "c"),
    final(0, "a"),
    final(3, "d"),
    final(1, "b"),
    final(2, "C"),
    final(2, "C")
  ]) {
    observed.said(one)
  }

  assert.deepEqual(texts(observed), ["a", "b", "C", "d"])
})

test("what is said of an answer whose beginning was missed makes it", () => {
  const observed = new ObservedAnswers()

  observed.said(final(0, "so", 7))

  assert.deepEqual([observed.get("q1").answer_id, observed.get("q1").status], ["a7", "recording"])
})

test("an end brings what is known then, and is the same twice", () => {
  const end = { ...ids(), text: "so then", confidence: 0.9, duration_ms: 1200, status: "complete" }
  const observed = new ObservedAnswers()
  observed.said(final(0, "so then"))

  observed.ended(end)
  observed.ended(end)

  const { text, confidence, duration_ms, status, kind } = observed.get("q1")
  assert.deepEqual([text, confidence, duration_ms, status, kind], ["so then", 0.9, 1200, "complete", "voice"])
  assert.deepEqual(texts(observed), ["so then"])
})

test("an answer in writing has an end and no beginning", () => {
  const observed = new ObservedAnswers()

  observed.ended({
    ...ids(),
    text: "In writing.",
    confidence: null,
    duration_ms: null,
    status: "complete",
    kind: "text"
  })

  const { kind, text, segments } = observed.get("q1")
  assert.deepEqual([kind, text, segments], ["text", "In writing.", []])
})

test("one that failed is gone, and the take before it counts again", () => {
  const observed = answers(told())
  observed.started({ ...ids(2), take: 2, segments: [] })

  observed.ended({ ...ids(2), text: "", confidence: null, duration_ms: 0, status: "failed" })

  assert.equal(observed.get("q1").answer_id, "a1")
})

test("those have ended whose audio is all there, transcribed or not", () => {
  const ended = ["recording", "finishing", "pending", "complete", "failed"].filter((status) =>
    isEnded({ status })
  )

  assert.deepEqual(ended, ["pending", "complete"])
  assert.equal(isEnded(null), false)
})

test("a snapshot leaves out words and trace, and what was known of them stays", () => {
  const observed = answers(told())
  observed.addSound({ answer_id: "a1", trace: TRACE, segments: [{ segment: 0, words: [word("so")] }] })

  observed.restore([
    told({
      segments: [
        { segment: 0, text: "So" },
        { segment: 1, text: "then" }
      ]
    })
  ])

  const { segments, voice_metrics } = observed.get("q1")
  assert.deepEqual(segments, [
    { segment: 0, text: "So", words: [word("so")] },
    { segment: 1, text: "then", words: undefined }
  ])
  assert.deepEqual(voice_metrics, { ...METRICS, trace: TRACE })
})

test("a snapshot without metrics, which may not be shown any more, has no trace either", () => {
  const observed = answers(told())
  observed.addSound({ answer_id: "a1", trace: TRACE, segments: [] })

  observed.restore([told({ voice_metrics: null })])

  assert.equal(observed.get("q1").voice_metrics, null)
})

test("answers that a snapshot doesn't name are gone", () => {
  const observed = answers(told(), told(ids(2, "q2")))

  observed.restore([told()])

  assert.deepEqual([observed.get("q1")?.answer_id, observed.get("q2")], ["a1", null])
})

const LACKING = {
  "there is no answer": [false, null],
  "it was written": [false, { kind: "text", segments: [] }],
  "a sentence has no words": [true, { voice_metrics: null }],
  "its drawing is missing": [true, { segments: [] }],
  "it is measured no more than it was before measures": [
    false,
    { segments: [], voice_metrics: { words: 1 } }
  ],
  "it isn't over, and so has no drawing yet": [false, { segments: [], status: "recording" }],
  "all is there": [false, { segments: [final(0, "so")], voice_metrics: { ...METRICS, trace: TRACE } }]
}
for (const [name, [lacks, fields]] of Object.entries(LACKING)) {
  test(`whether sound is to be fetched, where ${name}`, () => {
    const observed = fields ? answers(told(fields)) : answers()

    assert.equal(observed.lacksSound("q1"), lacks)
  })
}

test("sound that was fetched is added, and what came meanwhile is left as it is", () => {
  const observed = answers(told({ segments: [{ segment: 0, text: "so" }, final(1, "then")] }))

  const old = [0, 1, 2].map((segment) => ({ segment, words: [word("old")] }))
  observed.addSound({ answer_id: "a1", trace: TRACE, segments: old })

  const { segments, voice_metrics } = observed.get("q1")
  assert.deepEqual(
    segments.map(({ text, words }) => [text, words[0].word]),
    [
      ["so", "old"],
      ["then", "then"]
    ]
  )
  assert.deepEqual(voice_metrics.trace, TRACE)
  assert.equal(observed.lacksSound("q1"), false)
})

test("sound of nothing, of an answer that is gone, or without metrics adds nothing", () => {
  const observed = answers(told({ voice_metrics: null }))

  observed.addSound({ answer_id: "a9", trace: TRACE, segments: [{ segment: 0, words: [word("so")] }] })
  observed.addSound({ answer_id: "a1", trace: TRACE, segments: [] })

  const { segments, voice_metrics } = observed.get("q1")
  assert.deepEqual([segments, voice_metrics], [[{ segment: 0, text: "so", words: undefined }], null])
})
