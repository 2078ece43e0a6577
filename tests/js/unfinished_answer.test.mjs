import assert from "node:assert/strict"
import { test } from "node:test"

import { BYTES_PER_MS, CHUNK_MS } from "../../static/interviews/js/models/pcm_chunker.js"
import { QuestionTakes } from "../../static/interviews/js/models/question_takes.js"
import { UnfinishedAnswer } from "../../static/interviews/js/models/unfinished_answer.js"
import { FakeTake } from "./fake_take.mjs"

const pcm = (ms = CHUNK_MS) => new ArrayBuffer(ms * BYTES_PER_MS)
const underWay = (answer_id, next_chunk_index, question_id = "q1") => ({
  question_id,
  answer_id,
  next_chunk_index
})

function unfinished({ left = null, isElsewhere = false, told = null } = {}) {
  const answer = new UnfinishedAnswer()
  const leftover = left && new FakeTake(left)
  answer.found({ leftover, isElsewhere })
  answer.underWay = told
  return { answer, leftover }
}

test("where nothing was left and nothing is under way there is nothing to go on with", () => {
  const { answer } = unfinished()

  assert.equal(answer.offer("q1"), null)
  assert.equal(answer.dismissUnless("q1"), 0)
  assert.equal(answer.takeLeftover(), null)
  assert.deepEqual([answer.savedChunks("q1"), answer.isStopped], [0, false])
})

test("what the server has is offered at its own question alone", () => {
  const { answer } = unfinished({ told: underWay("a1", 12) })

  assert.deepEqual(answer.offer("q1"), { savedMs: 1200, keptMs: 0, isElsewhere: false })
  assert.equal(answer.offer("q2"), null)
})

test("an answer that was begun and has no audio is nothing to go on with", () => {
  assert.equal(unfinished({ told: underWay("a1", 0) }).answer.offer("q1"), null)
  assert.equal(unfinished({ left: { chunks: [] } }).answer.offer("q1"), null)
})

test("what was never sent is kept in whole, its last chunk as long as it is", () => {
  const { answer } = unfinished({ left: { chunks: [pcm(), pcm(), pcm(30)] }, isElsewhere: true })

  assert.deepEqual(answer.offer("q1"), { savedMs: 0, keptMs: 230, isElsewhere: true })
})

test("audio that both have counts once", () => {
  const left = { answerId: "a1", chunks: [pcm(), pcm(), pcm()], first: 2, bound: 3 }

  const kept = [0, 2, 4, 5, 9].map((saved) => {
    const { answer } = unfinished({ left, told: underWay("a1", saved) })
    return answer.offer("q1").keptMs
  })

  assert.deepEqual(kept, [300, 300, 100, 0, 0])
})

test("what has no numbers yet follows on what the server has", () => {
  const { answer } = unfinished({ left: { chunks: [pcm(), pcm()] }, told: underWay("a1", 5) })

  assert.deepEqual(answer.offer("q1"), { savedMs: 500, keptMs: 200, isElsewhere: false })
})

test("it has stopped unless it was being recorded", () => {
  const stopped = ["recording", "finished", "ended"].map(
    (state) => unfinished({ left: { state } }).answer.isStopped
  )

  assert.deepEqual(stopped, [false, true, true])
})

test("what was left is handed over once", () => {
  const { answer, leftover } = unfinished({ left: { chunks: [pcm()] } })

  assert.equal(answer.takeLeftover(), leftover)
  assert.equal(answer.takeLeftover(), null)
  assert.deepEqual([answer.offer("q1"), answer.isStopped], [null, false])
  assert.deepEqual(leftover.told, [])
})

const FITS = {
  "it has no answer yet": [{ answerId: null }, null],
  "it has no answer yet, and another one is under way": [{ answerId: null }, underWay("a2", 3)],
  "its answer is under way": [{ answerId: "a1" }, underWay("a1", 3)],
  "its end was asked for, so that it may be finishing": [{ answerId: "a1", state: "ended" }, null]
}
for (const [name, [left, told]] of Object.entries(FITS)) {
  test(`what was left stays where ${name}`, () => {
    const { answer, leftover } = unfinished({ left: { chunks: [pcm()], ...left }, told })

    assert.equal(answer.dismissUnless("q1", new QuestionTakes()), 0)
    assert.equal(answer.takeLeftover(), leftover)
    assert.deepEqual(leftover.told, [])
  })
}

const OVER = {
  "the interview is at another question": [{ questionId: "q0" }, null],
  "the interview is over": [{}, null, null],
  "another answer is under way": [{ answerId: "a1" }, underWay("a2", 3)],
  "it was being recorded and isn't under way": [{ answerId: "a1" }, null]
}
for (const [name, [left, told, question = "q1"]] of Object.entries(OVER)) {
  test(`what was left goes, and its length is told, where ${name}`, () => {
    const { answer, leftover } = unfinished({ left: { chunks: [pcm(), pcm(50)], ...left }, told })

    assert.equal(answer.dismissUnless(question), 150)
    assert.deepEqual(leftover.told, ["discard"])
    assert.equal(answer.dismissUnless(question), 0)
    assert.deepEqual(leftover.told, ["discard"])
  })
}

test("a take that has ended already goes though its question is still asked", () => {
  const takes = new QuestionTakes({ takes: [{ answer_id: "a1" }], takes_allowed: 2 })
  const { answer, leftover } = unfinished({ left: { answerId: "a1", state: "finished", chunks: [pcm()] } })

  assert.equal(answer.dismissUnless("q1", takes), 100)
  assert.deepEqual(leftover.told, ["discard"])
})

test("nothing was lost of what had its end told: all of it had been sent", () => {
  const { answer, leftover } = unfinished({ left: { questionId: "q0", state: "ended", chunks: [pcm()] } })

  assert.equal(answer.dismissUnless("q1"), 0)
  assert.deepEqual(leftover.told, ["discard"])
})
