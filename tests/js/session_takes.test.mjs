import assert from "node:assert/strict"
import { test } from "node:test"

import { CandidateSession } from "../../static/interviews/js/models/candidate_session.js"
import { FakeTake } from "./fake_take.mjs"

const READY = { type: "session_ready", limits: { backlog_bytes: 1024 * 1024, answer_max_seconds: 3600 } }

const take = (number) => ({
  answer_id: `a${number}`,
  status: "complete",
  text: `take ${number}`,
  duration_ms: 1000
})
const question = (id, ...takes) => ({
  type: "question",
  question_id: id,
  text: "Why?",
  index: 1,
  total: 2,
  takes_allowed: 3,
  takes_left: 3 - takes.length,
  takes
})
const started = (answer_id) => ({
  type: "answer_started",
  question_id: "q1",
  answer_id,
  next_chunk_index: 0,
  segments: []
})
const complete = (answer_id, status = "complete") => ({
  type: "answer_complete",
  question_id: "q1",
  answer_id,
  text: "words",
  status
})
const error = (code) => ({ type: "error", code, message: code, recoverable: true })
const choice = (answer_id) => ({ type: "choose_take", question_id: "q1", answer_id })

function connect(session, current = question("q1"), under_way = null) {
  session.connected()
  session.receive({ ...READY, under_way })
  session.receive(current)
}

function asked(current = question("q1"), { left, under_way } = {}) {
  const session = new CandidateSession()
  if (left) session.found({ leftover: left, isElsewhere: false })
  session.begin()
  connect(session, current, under_way)
  return session
}

// What was said to the server to start it.
function record(session, answerId) {
  session.startRecording()
  const [start] = session.takeOutgoing()
  session.receive(started(answerId))
  session.addAudio(new ArrayBuffer(3200))
  session.stopRecording()
  session.takeOutgoing()
  return start
}

// After the first of three takes.
function choosing() {
  const session = asked()
  record(session, "a1")
  session.receive(complete("a1"))
  session.receive(question("q1", take(1)))
  return session
}

test("after a take there is a choice, and nothing goes on by itself", () => {
  const session = choosing()

  assert.equal(session.step, "choosing")
  assert.deepEqual(session.takes.ended, [take(1)])
  assert.equal(session.takes.next, 2)
  assert.equal(session.hasUnsaved, false)
})

test("another take is recorded, until there may be no more", () => {
  const session = choosing()

  const start = record(session, "a2")
  session.receive(complete("a2"))
  session.receive(question("q1", take(1), take(2)))
  record(session, "a3")
  session.receive(complete("a3"))
  session.receive(question("q1", take(1), take(2), take(3)))

  assert.equal(start.new_take, true)
  assert.equal(session.step, "choosing")
  assert.equal(session.takes.next, null)
})

test("the choice is sent until the server has it", () => {
  const session = choosing()

  session.chooseTake("a1")
  assert.deepEqual(session.takeOutgoing(), [choice("a1")])
  assert.equal(session.step, "sending")
  assert.equal(session.hasUnsaved, true)
  session.disconnected(1006)
  connect(session, question("q1", take(1)))
  assert.deepEqual(session.takeOutgoing(), [choice("a1")])
  session.receive({ ...choice("a1"), type: "take_chosen" })
  session.receive(question("q2"))

  assert.equal(session.step, "question")
  assert.equal(session.hasUnsaved, false)
})

test("a note may be added to the take that was chosen", () => {
  const session = choosing()
  record(session, "a2")
  session.receive({ ...complete("a2"), kind: "voice" })
  session.receive(question("q1", take(1), take(2)))

  session.chooseTake("a1")

  assert.equal(session.note.transcript, "take 1")
})

test("a choice that is refused can be made again", () => {
  const session = choosing()
  session.chooseTake("a1")

  session.receive(error("TAKE_NOT_FOUND"))

  assert.equal(session.step, "choosing")
  assert.equal(session.problem.code, "TAKE_NOT_FOUND")
})

test("who comes back after a take is asked to choose, and what is kept of the take is deleted", () => {
  const left = new FakeTake({ answerId: "a1", state: "ended" })

  const session = asked(question("q1", take(1)), { left })

  assert.equal(session.step, "choosing")
  assert.deepEqual(left.told, ["discard"])
  assert.equal(session.lateMs, 0)
  assert.deepEqual(session.takeOutgoing(), [])
})

test("who comes back in the middle of a second take may go on with it", () => {
  const under_way = { question_id: "q1", answer_id: "a2", next_chunk_index: 20 }

  const session = asked(question("q1", take(1)), { under_way })
  assert.equal(session.step, "recovery")
  session.startRecording()

  assert.equal(session.takeOutgoing()[0].new_take, false)
})

test("a take that another page began is over once what was recorded of it is sent", () => {
  const session = asked(question("q1", take(1)), {
    under_way: { question_id: "q1", answer_id: "a2", next_chunk_index: 20 }
  })
  session.sendRecorded()
  session.receive({ ...started("a2"), next_chunk_index: 20 })

  session.receive(complete("a2"))
  session.receive(question("q1", take(1), take(2)))

  assert.equal(session.step, "choosing")
  assert.equal(session.recovery, null)
})

test("a take that the server ended while nobody was connected waits for the choice", () => {
  const session = asked()
  session.startRecording()
  session.takeOutgoing()
  session.receive(started("a1"))
  session.addAudio(new ArrayBuffer(3200))
  session.disconnected(1006)

  connect(session, question("q1", take(1)))

  assert.equal(session.step, "choosing")
  assert.equal(session.lateMs, 100)
  assert.deepEqual(session.takeOutgoing(), [])
})

test("a take that can't be used leaves those before it", () => {
  const session = choosing()
  record(session, "a2")

  session.receive(error("AUDIO_TOO_SHORT"))
  session.receive(complete("a2", "failed"))

  assert.equal(session.step, "choosing")
  assert.equal(session.problem.code, "AUDIO_TOO_SHORT")
})

test("stopping at once leaves the takes before it", () => {
  const session = choosing()
  session.startRecording()

  session.stopRecording()

  assert.equal(session.step, "choosing")
})

for (const code of ["TAKES_EXHAUSTED", "QUESTION_ALREADY_ANSWERED"]) {
  test(`${code} makes the page ask where the interview stands, once`, () => {
    const session = asked()
    session.startRecording()
    session.takeOutgoing()

    session.receive(error(code))
    assert.deepEqual(
      session.takeOutgoing().map(({ type }) => type),
      ["request_retry"]
    )
    session.receive(question("q1", take(1), take(2), take(3)))

    assert.equal(session.step, "choosing")
    assert.deepEqual(session.takeOutgoing(), [])
  })
}

test("a take that somebody else is recording is left alone", () => {
  const session = asked()
  session.startRecording()

  session.receive(error("TAKE_UNDER_WAY"))

  assert.equal(session.connection, "replaced")
})

test("a written answer takes the place of the takes", () => {
  const session = choosing()

  session.writeAnswer("In writing.")

  assert.deepEqual(session.takeOutgoing(), [
    { type: "text_answer", question_id: "q1", answer_text: "In writing." }
  ])
})

test("what is not saved when the person pauses is still sent, and nothing else happens", () => {
  const session = asked()
  session.startRecording()
  session.takeOutgoing()
  session.receive(started("a1"))
  session.addAudio(new ArrayBuffer(3200))

  session.pause()
  assert.deepEqual([session.isOver, session.isEnded, session.hasUnsaved], [true, false, true])
  assert.equal(session.takeOutgoing().length, 1)
  session.receive({ type: "ack", question_id: "q1", next_chunk_index: 1 })

  assert.equal(session.hasUnsaved, false)
})
