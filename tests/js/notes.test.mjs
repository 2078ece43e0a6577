import assert from "node:assert/strict"
import { test } from "node:test"

import { Notes, newId } from "../../static/interviews/js/models/notes.js"

const note = (id, fields = {}) => ({
  id,
  kind: "note",
  text: id,
  question_id: "q1",
  answer_id: "a1",
  at_ms: 1000,
  ...fields
})
const ids = (notes) => notes.map(({ id }) => id)

test("an id is a UUID, and another one each time", () => {
  assert.match(newId(), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.notEqual(newId(), newId())
})

test("notes are listed by their question in the order of the answer, before it those without a time", () => {
  const notes = new Notes()
  notes.restore([
    note("late", { at_ms: 9000 }),
    note("early"),
    note("before", { at_ms: null }),
    note("other", { question_id: "q2" }),
    note("general", { question_id: null })
  ])

  assert.deepEqual(ids(notes.on("q1")), ["before", "early", "late"])
  assert.deepEqual(ids(notes.on(null)), ["general"])
})

test("a new note is there at once and is sent until the server has it", () => {
  const notes = new Notes()
  notes.keep(note("n"))

  assert.deepEqual(ids(notes.on("q1")), ["n"])
  assert.equal(notes.isUnsent("n"), true)
  notes.sent(notes.next)

  assert.deepEqual([notes.next, notes.isUnsent("n")], [null, false])
})

test("what changes while it is sent is sent again", () => {
  const notes = new Notes()
  notes.keep(note("n"))
  const first = notes.next
  notes.keep(note("n", { text: "changed" }))

  notes.sent(first)

  assert.equal(notes.next.note.text, "changed")
})

test("what the server has comes in beside what it has not, which is later", () => {
  const notes = new Notes([
    { verb: "keep", note: note("mine", { text: "new" }) },
    { verb: "throw_away", note: note("gone") }
  ])

  notes.restore([note("mine", { text: "old" }), note("gone"), note("saved")])

  assert.deepEqual(
    notes
      .on("q1")
      .map(({ text }) => text)
      .sort(),
    ["new", "saved"]
  )
  assert.deepEqual(
    notes.unsent.map(({ verb }) => verb),
    ["keep", "throw_away"]
  )
})

test("what is thrown away is gone at once and is told", () => {
  const notes = new Notes()
  notes.restore([note("n")])

  notes.throwAway("n")
  notes.throwAway("unknown")

  assert.deepEqual(notes.on("q1"), [])
  assert.deepEqual(
    notes.unsent.map(({ verb }) => verb),
    ["throw_away"]
  )
})

test("a refused note says why and stands in nobody's way, until it is changed", () => {
  const notes = new Notes()
  notes.keep(note("long"))
  notes.refused(notes.next, "Too long.")
  notes.keep(note("short"))

  assert.equal(notes.next.note.id, "short")
  assert.equal(notes.refusal("long"), "Too long.")
  notes.keep(note("long", { text: "shorter" }))

  assert.equal(notes.refusal("long"), null)
  assert.equal(notes.next.note.id, "long")
})
