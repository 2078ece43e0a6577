import assert from "node:assert/strict"
import { test } from "node:test"

import { CandidateSession } from "../../static/interviews/js/models/candidate_session.js"
import { FakeTake } from "./fake_take.mjs"

const LIMITS = { backlog_bytes: 1024 * 1024, answer_max_seconds: 3600, text_answer_max_chars: 100 }
const FORMAT = { encoding: "pcm_s16le", sample_rate: 16000, channels: 1 }
const START_Q1 = { type: "start_answer", question_id: "q1", format: FORMAT, new_take: true }
const GO_ON_Q1 = { ...START_Q1, new_take: false }
const READY = { type: "session_ready", limits: LIMITS }

const question = (id) => ({ type: "question", question_id: id, text: `What is ${id}?`, index: 1, total: 2 })
const underWay = (next) => ({ question_id: "q1", answer_id: "a1", next_chunk_index: next })
const started = (next, segments = []) => ({ type: "answer_started", ...underWay(next), segments })
const ack = (next) => ({ type: "ack", question_id: "q1", next_chunk_index: next })
const error = (code, fields = {}) => ({ type: "error", code, message: code, recoverable: true, ...fields })
const complete = (status = "complete") => ({
  type: "answer_complete",
  question_id: "q1",
  text: "words",
  status
})

function asked({ left, under_way = null } = {}) {
  const session = new CandidateSession()
  if (left) session.found({ leftover: left, isElsewhere: false })
  session.begin()
  connect(session, question("q1"), under_way)
  return session
}

function connect(session, current = question("q1"), under_way = null) {
  session.connected()
  session.receive({ ...READY, under_way })
  session.receive(current)
}

// Chunks 20 to 22 of the answer, recorded by an earlier page.
function left(fields) {
  return new FakeTake({ answerId: "a1", chunks: [chunk(), chunk(), chunk()], first: 20, bound: 3, ...fields })
}

function recording(chunks = 3) {
  const session = asked()
  session.startRecording()
  session.takeOutgoing()
  session.receive(started(0))
  for (let n = 0; n < chunks; n++) session.addAudio(chunk())
  return session
}

function chunk() {
  return new ArrayBuffer(3200)
}

// Frames by their index, everything else as it is.
function sent(session) {
  return session
    .takeOutgoing()
    .map((message) => (message instanceof ArrayBuffer ? new DataView(message).getUint32(0) : message))
}

test("a question waits for the candidate to begin", () => {
  const session = new CandidateSession()
  assert.equal(session.step, "check")

  session.begin()
  assert.equal(session.step, "waiting")
  connect(session)

  assert.equal(session.step, "question")
  assert.equal(session.question.text, "What is q1?")
})

test("an answer is started, sent and ended", () => {
  const session = asked()

  session.startRecording()
  assert.deepEqual(sent(session), [START_Q1])
  session.addAudio(chunk())
  assert.deepEqual(sent(session), [])
  session.receive(started(0))
  assert.deepEqual(sent(session), [0])
  session.addAudio(chunk())
  assert.deepEqual(sent(session), [1])
  session.stopRecording()

  assert.deepEqual(sent(session), [{ type: "end_answer", question_id: "q1", chunk_count: 2 }])
  assert.deepEqual(sent(session), [])
  assert.equal(session.step, "finishing")
})

test("the next question is asked after the answer", () => {
  const session = recording()
  session.stopRecording()

  session.receive(complete())
  session.receive(question("q2"))

  assert.equal(session.step, "question")
  assert.equal(session.question.question_id, "q2")
  assert.equal(session.previous.status, "complete")
  assert.deepEqual(session.transcript.finals, [])
  assert.equal(session.hasUnsaved, false)
})

test("after the last answer it is complete and does not connect again", () => {
  const session = recording()
  session.stopRecording()
  session.receive(complete())

  session.receive({ type: "interview_complete" })

  assert.equal(session.step, "complete")
  assert.equal(session.disconnected(1000), false)
})

test("words appear while they are spoken, and those of another question do not", () => {
  const session = recording()
  const words = { type: "transcription", segment: 0, text: "my greatest", is_final: false }

  session.receive({ ...words, question_id: "q1" })
  session.receive({ ...words, question_id: "q0", text: "late" })

  assert.equal(session.transcript.interim.text, "my greatest")
})

test("recording goes on through an outage and is taken up where the server wants it", () => {
  const session = recording(3)
  assert.deepEqual(sent(session), [0, 1, 2])
  session.receive(ack(1))

  assert.equal(session.disconnected(1006), true)
  assert.equal(session.connection, "reconnecting")
  session.addAudio(chunk())
  assert.deepEqual(sent(session), [])
  connect(session)
  assert.deepEqual(sent(session), [GO_ON_Q1])
  session.receive(started(2, [{ segment: 0, text: "first", is_final: true }]))
  assert.deepEqual(sent(session), [1])
  session.receive(ack(2))

  assert.deepEqual(sent(session), [2, 3])
  assert.equal(session.step, "recording")
  assert.deepEqual(
    session.transcript.finals.map(({ text }) => text),
    ["first"]
  )
})

test("an answer that ended during an outage is ended again", () => {
  const session = recording(1)
  session.stopRecording()
  sent(session)

  session.disconnected(1006)
  connect(session)
  sent(session)
  session.receive(started(1))
  assert.deepEqual(sent(session), [0])
  session.receive(ack(1))

  assert.deepEqual(sent(session), [{ type: "end_answer", question_id: "q1", chunk_count: 1 }])
})

test("an answer that the server completed meanwhile is over", () => {
  const session = recording(1)
  session.stopRecording()
  sent(session)
  session.disconnected(1006)

  connect(session, question("q2"))

  assert.equal(session.step, "question")
  assert.equal(session.hasUnsaved, false)
  assert.equal(session.lateMs, 0)
  assert.deepEqual(sent(session), [])
})

test("an answer that was closed before everything was sent says what it has lost", () => {
  const session = recording(3)
  sent(session)
  session.receive(ack(1))
  session.disconnected(1006)

  connect(session, question("q2"))

  assert.equal(session.step, "question")
  assert.equal(session.lateMs, 200)
})

test("a question that was answered meanwhile is asked after", () => {
  const session = asked()
  session.startRecording()
  sent(session)

  session.receive(error("QUESTION_ALREADY_ANSWERED"))

  const code = "QUESTION_ALREADY_ANSWERED"
  assert.deepEqual(sent(session), [
    { type: "request_retry", failed_message_type: "start_answer", error_code: code }
  ])
  session.receive(question("q2"))
  assert.equal(session.step, "question")
})

test("a hole is filled, and the end is said again after it", () => {
  const session = recording(3)
  session.stopRecording()
  sent(session)

  session.receive(error("CHUNK_GAP", { question_id: "q1", next_chunk_index: 1 }))

  assert.deepEqual(sent(session), [1, 2, { type: "end_answer", question_id: "q1", chunk_count: 3 }])
  assert.equal(session.problem, null)
})

test("a full server gets the rest after its next acknowledgement", () => {
  const session = recording(3)
  sent(session)

  session.receive(error("AUDIO_BACKLOG", { question_id: "q1", next_chunk_index: 2 }))
  assert.deepEqual(sent(session), [])
  session.receive(ack(1))

  assert.deepEqual(sent(session), [2])
})

test("a written answer is sent, and sent again until the server has it", () => {
  const session = asked()
  const written = { type: "text_answer", question_id: "q1", answer_text: "In writing." }

  session.writeAnswer("In writing.")
  assert.deepEqual(sent(session), [written])
  assert.equal(session.step, "writing")
  assert.equal(session.hasUnsaved, true)
  session.disconnected(1006)
  connect(session)
  assert.deepEqual(sent(session), [written])

  session.receive(complete())
  session.receive(question("q2"))
  assert.equal(session.hasUnsaved, false)
})

test("a written answer that is refused can be written again", () => {
  const session = asked()
  session.writeAnswer("In writing.")

  session.receive(error("INVALID_MESSAGE_FORMAT"))

  assert.equal(session.step, "question")
  assert.equal(session.problem.code, "INVALID_MESSAGE_FORMAT")
})

test("a take that can't be used is recorded again from the start", () => {
  const session = recording(2)
  session.stopRecording()
  sent(session)

  session.receive(error("AUDIO_DECODING_FAILED"))
  session.receive(complete("failed"))

  assert.equal(session.step, "question")
  assert.equal(session.problem.code, "AUDIO_DECODING_FAILED")
  session.startRecording()
  assert.deepEqual(sent(session), [START_Q1])
})

test("an interview that has room for no more audio leaves its question to be written", () => {
  const session = asked()
  session.startRecording()
  session.addAudio(chunk())
  sent(session)

  session.receive(error("INTERVIEW_FULL"))

  assert.deepEqual([session.step, session.problem.code], ["question", "INTERVIEW_FULL"])
  assert.equal(session.upload, null)
})

test("a page that the server's audio does not fit gives the take up", () => {
  const session = recording(2)
  sent(session)
  session.receive(ack(2))

  session.disconnected(1006)
  connect(session)
  sent(session)
  session.receive(started(1))

  const retry = { type: "request_retry", failed_message_type: "audio_chunk", error_code: "CHUNK_CONFLICT" }
  assert.deepEqual(sent(session), [retry])
  assert.equal(session.step, "question")
})

test("a recogniser that fails is no problem of the candidate's", () => {
  const session = recording()

  session.receive(error("STT_FAILED"))

  assert.equal(session.problem, null)
})

test("stopping before anything was recorded asks for the answer again", () => {
  const session = recording(0)

  session.stopRecording()
  assert.equal(session.step, "question")
  assert.equal(session.problem.code, "AUDIO_TOO_SHORT")

  session.startRecording()
  session.addAudio(chunk())
  assert.deepEqual(sent(session), [0])
})

test("recording stops at the longest length", () => {
  const session = new CandidateSession()
  session.begin()
  session.connected()
  session.receive({ ...READY, limits: { ...LIMITS, answer_max_seconds: 0.2 } })
  session.receive(question("q1"))
  session.startRecording()

  assert.equal(session.addAudio(chunk()), true)
  assert.equal(session.addAudio(chunk()), false)
  assert.equal(session.problem.code, "AUDIO_TOO_LONG")
})

test("a session that goes on elsewhere does not come back by itself, and says what it has lost", () => {
  const session = recording(3)
  sent(session)
  session.receive(ack(1))

  assert.equal(session.disconnected(4409), false)
  assert.equal(session.connection, "replaced")
  assert.equal(session.isOver, true)
  assert.equal(session.hasUnsaved, false)
  assert.equal(session.lateMs, 200)
})

test("one that comes back to an answer with more audio than its own leaves it alone", () => {
  const session = recording(3)
  sent(session)
  session.disconnected(1006)

  connect(session, question("q1"), underWay(4))

  assert.deepEqual(sent(session), [])
  assert.equal(session.connection, "replaced")
})

test("nor does one go on that somebody else overtakes at the last moment", () => {
  const session = recording(3)
  sent(session)
  session.disconnected(1006)
  connect(session, question("q1"), underWay(2))

  session.receive(started(4))

  assert.equal(session.connection, "replaced")
})

test("audio of somebody else in the place of its own ends it too", () => {
  const session = recording(3)
  sent(session)
  session.disconnected(1006)
  connect(session, question("q1"), underWay(2))
  sent(session)
  session.receive(started(2))
  assert.deepEqual(sent(session), [1])

  session.receive(error("CHUNK_CONFLICT"))

  assert.equal(session.connection, "replaced")
  assert.deepEqual(sent(session), [])
})

test("an answer that another page began is gone on with, after what that has left", () => {
  const session = asked({ left: left(), under_way: underWay(21) })
  assert.equal(session.step, "recovery")
  assert.deepEqual(session.recovery, { savedMs: 2100, keptMs: 200, isElsewhere: false })
  assert.equal(session.hasUnsaved, false)
  assert.deepEqual(sent(session), [])

  session.startRecording()
  session.addAudio(chunk())
  assert.deepEqual(sent(session), [GO_ON_Q1])
  session.receive(started(21))
  assert.deepEqual(sent(session), [20])
  session.receive(ack(21))

  assert.deepEqual(sent(session), [21, 22, 23])
  assert.equal(session.step, "recording")
})

test("or sent as far as it was recorded", () => {
  const session = asked({ left: left(), under_way: underWay(20) })

  session.sendRecorded()
  assert.equal(session.step, "finishing")
  sent(session)
  session.receive(started(20))

  assert.deepEqual(sent(session), [20, 21, 22, { type: "end_answer", question_id: "q1", chunk_count: 23 }])
})

test("of an answer that another device began nothing is here, and the same can be done", () => {
  const session = asked({ under_way: underWay(20) })
  assert.deepEqual(session.recovery, { savedMs: 2000, keptMs: 0, isElsewhere: false })

  session.sendRecorded()
  assert.equal(session.upload.recordedMs, 2000)
  sent(session)
  session.receive(started(20))

  assert.deepEqual(sent(session), [{ type: "end_answer", question_id: "q1", chunk_count: 20 }])
})

test("an answer of which nothing is there yet is just asked for", () => {
  assert.equal(asked({ under_way: underWay(0) }).step, "question")
})

test("what was recorded before the server had heard of the answer can be gone on with", () => {
  const session = asked({ left: left({ answerId: null, first: 0, bound: 0 }) })
  assert.deepEqual(session.recovery, { savedMs: 0, keptMs: 300, isElsewhere: false })

  session.sendRecorded()
  sent(session)
  session.receive(started(0))

  assert.deepEqual(sent(session), [0, 1, 2, { type: "end_answer", question_id: "q1", chunk_count: 3 }])
})

for (const [name, fields, under_way, lateMs] of [
  ["of another question", { questionId: "q0" }, null, 300],
  ["of another question, told to be whole", { questionId: "q0", state: "ended" }, null, 0],
  ["of another take", { answerId: "a0" }, underWay(5), 300],
  ["of an answer that is under way no more", {}, null, 300]
]) {
  test(`what was left ${name} is deleted, and told where it is lost`, () => {
    const leftover = left(fields)

    const session = asked({ left: leftover, under_way })

    assert.deepEqual(leftover.told, ["discard"])
    assert.equal(session.lateMs, lateMs)
    assert.equal(session.step, under_way ? "recovery" : "question")
  })
}

test("an answer that had been stopped before the page went away is sent without asking", () => {
  const session = asked({ left: left({ state: "finished" }) })

  assert.equal(session.step, "finishing")
  assert.deepEqual(sent(session), [GO_ON_Q1])
})

test("nothing is left of an interview that is over", () => {
  const leftover = left()
  const session = new CandidateSession()
  session.found({ leftover, isElsewhere: false })
  session.begin()
  session.connected()

  session.receive({ type: "interview_complete" })

  assert.deepEqual(leftover.told, ["discard"])
})

test("what was kept of an answer is deleted once the answer is over", () => {
  const takes = []
  const session = new CandidateSession((questionId) => {
    takes.push(new FakeTake({ questionId }))
    return takes.at(-1)
  })
  session.begin()
  connect(session)
  session.startRecording()
  session.receive(started(0))
  session.addAudio(chunk())
  session.stopRecording()

  session.receive(complete())

  assert.deepEqual(
    takes.map(({ told }) => told.at(-1)),
    ["discard"]
  )
})

test("how the recording gets to the server is told", () => {
  const session = recording(51)
  assert.equal(session.delivery, "behind")

  session.disconnected(1006)
  assert.equal(session.delivery, "away")
  session.stopRecording()
  assert.equal(session.delivery, "away")
  connect(session)
  session.receive(started(51))
  session.receive(ack(51))
  session.disconnected(1006)

  assert.equal(session.delivery, "live")
})

test("leaving is asked about while something is recorded or not yet saved", () => {
  const session = recording(0)
  assert.equal(session.hasUnsaved, true)
  session.addAudio(chunk())
  session.stopRecording()
  assert.equal(session.hasUnsaved, true)
  sent(session)

  session.receive(ack(1))

  assert.equal(session.hasUnsaved, false)
})

test("a server that restarts is waited for", () => {
  const session = recording()

  session.receive(error("SERVER_RESTARTING"))

  assert.equal(session.disconnected(4412), true)
  assert.equal(session.connection, "restarting")
  assert.equal(session.problem, null)
})

test("a lost microphone leaves the answer open", () => {
  const session = recording(2)
  session.loseMicrophone()
  assert.equal(session.step, "recording")

  session.startRecording()
  session.addAudio(chunk())

  assert.equal(session.microphoneLost, false)
  assert.deepEqual(sent(session), [0, 1, 2])
})

test("what can't be recognised now is told as recorded only", () => {
  const session = recording()

  session.receive({ type: "state", question_id: "q1", state: "recorded_only", recogniser: "" })

  assert.equal(session.isRecordedOnly, true)
})

test("how an answer sounded is there after it, and never while somebody speaks", () => {
  const metrics = (real_time) => ({
    type: "voice_metrics",
    question_id: "q1",
    real_time,
    version: 2,
    measures: {}
  })
  const final = {
    type: "transcription",
    question_id: "q1",
    segment: 0,
    is_final: true,
    text: "words",
    words: []
  }
  const session = recording()

  session.receive(metrics(true))
  assert.equal(session.sounded, null)
  session.stopRecording()
  session.receive(final)
  session.receive(metrics(false))
  session.receive(complete())
  session.receive(question("q2"))
  assert.deepEqual(session.sounded, { metrics: metrics(false), segments: [final] })
  session.startRecording()

  assert.equal(session.sounded, null)
})

test("a note belongs to the answer before, and survives a new connection", () => {
  const session = recording()
  session.stopRecording()
  session.receive({ ...complete(), answer_id: "a1", kind: "voice" })
  connect(session, question("q2"))
  session.takeOutgoing()

  session.note.write("It was Ada.")
  const said = { type: "answer_note", question_id: "q1", answer_id: "a1", text: "It was Ada." }
  assert.deepEqual(sent(session), [said])
  assert.equal(session.hasUnsaved, true)
  session.disconnected(1006)
  assert.deepEqual(sent(session), [])
  connect(session, question("q2"))

  assert.deepEqual(sent(session), [said])
  session.receive({ ...said, type: "answer_noted" })
  assert.equal(session.hasUnsaved, false)
  assert.equal(session.problem, null)
})

test("a note that is refused is no problem of the interview", () => {
  const session = recording()
  session.stopRecording()
  session.receive({ ...complete(), answer_id: "a1", kind: "voice" })
  connect(session, question("q2"))
  session.note.write("It was Ada.")

  session.receive(error("INVALID_MESSAGE_FORMAT", { question_id: "q1" }))

  assert.deepEqual([session.note.state, session.problem], ["refused", null])
})

test("what is written or has no words takes no note", () => {
  for (const fields of [{ kind: "text" }, { kind: "voice", text: "" }]) {
    const session = recording()
    session.stopRecording()
    session.receive({ ...complete(), answer_id: "a1", ...fields })

    assert.equal(session.note, null)
  }
})

test("a note at the end keeps the connection until it is saved", () => {
  const session = recording()
  session.stopRecording()
  session.receive({ ...complete(), answer_id: "a1", kind: "voice" })
  session.receive({ type: "interview_complete", answered: 1, total_questions: 2 })
  assert.deepEqual(session.completed, { answered: 1, total: 2 })
  assert.equal(session.disconnected(1000), false)

  session.note.write("It was Ada.")
  assert.equal(session.disconnected(1006), true)
  session.receive({ type: "answer_noted", question_id: "q1", answer_id: "a1", text: "It was Ada." })

  assert.equal(session.disconnected(1006), false)
})
