import assert from "node:assert/strict"
import { test } from "node:test"

import { AnswerTranscript } from "../../static/interviews/js/models/answer_transcript.js"

const final = (segment, text) => ({ segment, text, is_final: true })
const interim = (segment, text) => ({ segment, text, is_final: false })

function shown(transcript) {
  return [transcript.finals.map(({ text }) => text), transcript.interim?.text ?? null]
}

test("a final takes the place of its interim", () => {
  const transcript = new AnswerTranscript()
  transcript.apply(interim(0, "my great"))
  transcript.apply(interim(0, "my greatest"))
  assert.deepEqual(shown(transcript), [[], "my greatest"])

  transcript.apply(final(0, "my greatest strength"))

  assert.deepEqual(shown(transcript), [["my greatest strength"], null])
})

test("a final does not take away the interim after it", () => {
  const transcript = new AnswerTranscript()
  transcript.apply(interim(1, "and then"))

  transcript.apply(final(0, "first"))

  assert.deepEqual(shown(transcript), [["first"], "and then"])
})

test("an interim that comes late does not come back", () => {
  const transcript = new AnswerTranscript([final(0, "first")])

  transcript.apply(interim(0, "fir"))

  assert.deepEqual(shown(transcript), [["first"], null])
})

test("a final that comes twice is shown once, and in its place", () => {
  const transcript = new AnswerTranscript([final(1, "second")])

  transcript.apply(final(0, "first"))
  transcript.apply(final(1, "second"))

  assert.deepEqual(shown(transcript), [["first", "second"], null])
})
