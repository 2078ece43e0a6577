import assert from "node:assert/strict"
import { test } from "node:test"

import { AnswerNote } from "../../static/interviews/js/models/answer_note.js"

const IDS = { question_id: "q1", answer_id: "a1" }
const MESSAGE = { type: "answer_note", ...IDS, text: "It was Ada." }

function written() {
  const note = new AnswerNote({ ...IDS, text: "it was either" })
  note.write("It was Ada.")
  return note
}

test("a note is sent once, and again on each new connection until it is kept", () => {
  const note = written()

  assert.deepEqual([note.takeOutgoing(), note.takeOutgoing()], [[MESSAGE], []])
  note.connected()
  assert.deepEqual(note.takeOutgoing(), [MESSAGE])
  note.noted(MESSAGE)
  note.connected()

  assert.equal(note.state, "saved")
  assert.deepEqual(note.takeOutgoing(), [])
})

test("it can be changed after it was saved", () => {
  const note = written()
  note.noted(MESSAGE)

  note.write("")

  assert.deepEqual(note.takeOutgoing(), [{ ...MESSAGE, text: "" }])
})

test("an error about its question is its own while it is sent", () => {
  const note = written()

  assert.equal(note.failed({ question_id: "q2" }), false)
  assert.equal(note.failed({ question_id: "q1" }), true)
  assert.equal(note.state, "refused")
  assert.equal(note.failed({ question_id: "q1" }), false)
})

test("a note to another answer is not this one", () => {
  const note = written()

  note.noted({ ...IDS, answer_id: "a2" })

  assert.equal(note.state, "sending")
})
