import assert from "node:assert/strict"
import { test } from "node:test"

import { AnswerUpload } from "../../static/interviews/js/models/answer_upload.js"
import { FakeTake } from "./fake_take.mjs"

const CHUNK = 3200

function upload({ maxBytes = 100 * CHUNK, windowBytes = 100 * CHUNK, chunks = 0, keeping } = {}) {
  const queue = new AnswerUpload({ maxBytes, windowBytes, keeping })
  for (let n = 0; n < chunks; n++) queue.add(chunk(n))
  return queue
}

function chunk(value, bytes = CHUNK) {
  return new Uint8Array(bytes).fill(value).buffer
}

function indexes(frames) {
  return frames.map((frame) => new DataView(frame).getUint32(0))
}

function values(frames) {
  return frames.map((frame) => new Uint8Array(frame)[4])
}

test("nothing is sent before the server has taken the answer up", () => {
  const queue = upload({ chunks: 2 })

  assert.deepEqual(queue.takeFrames(), [])
})

test("a frame is a big-endian index and the audio", () => {
  const queue = upload()
  queue.started(258)
  queue.add(Uint8Array.of(7, 8).buffer)

  assert.deepEqual([...new Uint8Array(queue.takeFrames()[0])], [0, 0, 1, 2, 7, 8])
})

test("what was recorded while connecting is numbered from where the server goes on", () => {
  const queue = upload({ chunks: 3 })

  queue.started(20)

  assert.deepEqual(indexes(queue.takeFrames()), [20, 21, 22])
  assert.equal(queue.chunkCount, 23)
})

test("each frame is taken once", () => {
  const queue = upload({ chunks: 1 })
  queue.started(0)
  queue.takeFrames()
  queue.add(chunk(1))

  assert.deepEqual(indexes(queue.takeFrames()), [1])
  assert.deepEqual(queue.takeFrames(), [])
})

test("after a new connection it goes on from what the server asks for, if that has the same before it", () => {
  const queue = upload({ chunks: 5 })
  queue.started(0)
  queue.takeFrames()
  queue.acked(2)

  assert.equal(queue.started(3), true)
  assert.deepEqual(values(queue.takeFrames()), [2])
  assert.deepEqual(queue.takeFrames(), [])
  assert.equal(queue.isProving, true)
  queue.acked(3)

  const frames = queue.takeFrames()
  assert.deepEqual(indexes(frames), [3, 4])
  assert.deepEqual(values(frames), [3, 4])
})

test("what the server has acknowledged before needs no proof", () => {
  const queue = upload({ chunks: 3 })
  queue.started(0)
  queue.takeFrames()
  queue.acked(2)

  queue.started(2)

  assert.deepEqual(indexes(queue.takeFrames()), [2])
})

test("an end is not told before the proof", () => {
  const queue = upload({ chunks: 2 })
  queue.started(0)
  queue.takeFrames()
  queue.finish()

  queue.started(2)
  queue.takeFrames()
  assert.equal(queue.isSent, false)
  queue.acked(2)

  assert.equal(queue.isSent, true)
})

test("a server that wants what was let go is out of step", () => {
  const queue = upload({ chunks: 5 })
  queue.started(0)
  queue.acked(3)

  assert.equal(queue.started(2), false)
})

test("a server that has more than was sent has it from somebody else", () => {
  const queue = upload({ chunks: 5 })
  assert.equal(queue.isOvertaken(6, "a1"), false)
  queue.started(3, "a1")
  assert.equal(queue.isOvertaken(3, "a1"), false)
  queue.takeFrames()
  queue.add(chunk(5))

  assert.equal(queue.isOvertaken(8, "a1"), false)
  assert.equal(queue.isOvertaken(9, "a1"), true)
  assert.equal(queue.isOvertaken(0, "a2"), false)
  assert.equal(queue.isOvertaken(1, "a2"), true)
})

test("a new take in place of one that has lost its beginning is out of step", () => {
  const queue = upload({ chunks: 2 })
  queue.started(0, "a1")
  assert.equal(queue.started(0, "a2"), true)
  queue.acked(1)

  assert.equal(queue.started(0, "a3"), false)
})

function left(fields) {
  return new FakeTake({
    answerId: "a1",
    chunks: [10, 11, 12].map((value) => chunk(value)),
    first: 10,
    bound: 3,
    ...fields
  })
}

test("what an earlier page left goes first, then what was recorded since", () => {
  const queue = upload({ keeping: left(), chunks: 2 })
  assert.deepEqual([queue.savedMs, queue.recordedMs], [1000, 1500])
  assert.deepEqual(queue.takeFrames(), [])

  queue.started(10, "a1")

  const frames = queue.takeFrames()
  assert.deepEqual(indexes(frames), [10, 11, 12, 13, 14])
  assert.deepEqual(values(frames), [10, 11, 12, 0, 1])
})

test("what the server has of it is dropped, and what comes next proven", () => {
  const queue = upload({ keeping: left(), chunks: 2 })

  queue.started(12, "a1")
  assert.deepEqual(values(queue.takeFrames()), [11])
  queue.acked(12)

  const frames = queue.takeFrames()
  assert.deepEqual(indexes(frames), [12, 13, 14])
  assert.deepEqual(values(frames), [12, 0, 1])
})

test("a page that died had sent more than it had kept: what was recorded since comes after that", () => {
  const queue = upload({ keeping: left(), chunks: 2 })

  queue.started(14, "a1")

  const frames = queue.takeFrames()
  assert.deepEqual(indexes(frames), [14, 15])
  assert.deepEqual(values(frames), [0, 1])
  assert.deepEqual([queue.savedMs, queue.recordedMs], [1400, 1600])
})

test("what was left without numbers was never sent", () => {
  const queue = upload({ keeping: left({ answerId: null, first: 0, bound: 0 }), chunks: 1 })

  queue.started(7, "a1")

  const frames = queue.takeFrames()
  assert.deepEqual(indexes(frames), [7, 8, 9, 10])
  assert.deepEqual(values(frames), [10, 11, 12, 0])
})

test("everything is handed over to be kept, and nothing is sent before its numbers are", () => {
  const keeping = new FakeTake({ mayBeSent: false })
  const queue = upload({ keeping, chunks: 2 })
  queue.started(5, "a1")
  assert.deepEqual(queue.takeFrames(), [])

  keeping.mayBeSent = true
  assert.deepEqual(indexes(queue.takeFrames()), [5, 6])
  queue.acked(6)
  queue.finish()
  queue.end()
  queue.discard()

  const told = ["add", "add", ["number", "a1", 5], ["drop", 0], ["drop", 6], "finished", "ended", "discard"]
  assert.deepEqual(keeping.told, told)
})

test("a slow network is told from a quick one without wavering", () => {
  const queue = upload({ chunks: 50 })
  queue.started(0)
  assert.equal(queue.isBehind, false)
  queue.add(chunk(0))
  assert.equal(queue.isBehind, true)

  queue.acked(30)
  assert.equal(queue.isBehind, true)
  queue.acked(31)
  assert.equal(queue.isBehind, false)
})

test("not more than the window is under way", () => {
  const queue = upload({ windowBytes: 2 * CHUNK, chunks: 5 })
  queue.started(0)

  assert.deepEqual(indexes(queue.takeFrames()), [0, 1])
  assert.deepEqual(queue.takeFrames(), [])
  queue.acked(1)
  assert.deepEqual(indexes(queue.takeFrames()), [2])
})

test("an acknowledgement that came before changes nothing", () => {
  const queue = upload({ chunks: 3 })
  queue.started(0)
  queue.takeFrames()
  queue.acked(2)

  queue.acked(1)

  assert.equal(queue.savedMs, 200)
  assert.deepEqual(queue.takeFrames(), [])
})

test("a hole is filled once, however many frames after it are complained of", () => {
  const queue = upload({ chunks: 4 })
  queue.started(0)
  queue.takeFrames()

  queue.resendFrom(1)
  assert.deepEqual(indexes(queue.takeFrames()), [1, 2, 3])
  queue.resendFrom(1)
  assert.deepEqual(queue.takeFrames(), [])
})

test("a server without room gets the rest when it has acknowledged something", () => {
  const queue = upload({ chunks: 4 })
  queue.started(0)
  queue.takeFrames()

  queue.holdFrom(2)
  queue.holdFrom(2)
  assert.deepEqual(queue.takeFrames(), [])
  queue.acked(1)

  assert.deepEqual(indexes(queue.takeFrames()), [2, 3])
})

test("who waits for room that others took goes on when the server says where, although nothing is new", () => {
  const queue = upload()
  queue.started(0)
  queue.add(chunk(0))
  queue.takeFrames()
  queue.holdFrom(0)

  queue.acked(0)

  assert.deepEqual(indexes(queue.takeFrames()), [0])
})

test("what the server has no room for, in an answer as long as it may be, is cut off", () => {
  const queue = upload()
  queue.started(0)
  for (let i = 0; i < 4; i++) queue.add(chunk(i))
  queue.takeFrames()

  queue.cutAt(2)
  queue.cutAt(2)
  queue.acked(2)

  assert.deepEqual([queue.isFinished, queue.isSent, queue.isSaved, queue.chunkCount], [true, true, true, 2])
  assert.equal(queue.add(chunk(4)), false)
})

test("it is full at its bound, and stays so that there is no hole", () => {
  const queue = upload({ maxBytes: 2 * CHUNK })
  queue.started(0)
  assert.equal(queue.add(chunk(0)), true)
  assert.equal(queue.add(chunk(1)), true)

  assert.equal(queue.add(chunk(2)), false)
  queue.takeFrames()
  queue.acked(2)
  assert.equal(queue.add(chunk(3)), false)
  assert.equal(queue.chunkCount, 2)
})

test("it is sent when all of it is under way, and saved when all of it is acknowledged", () => {
  const queue = upload({ chunks: 2 })
  queue.started(0)
  queue.finish()
  assert.deepEqual([queue.isSent, queue.isSaved], [false, false])

  queue.takeFrames()
  assert.deepEqual([queue.isSent, queue.isSaved], [true, false])

  queue.acked(2)
  assert.deepEqual([queue.isSent, queue.isSaved], [true, true])
})

test("times are counted in samples, and in chunks for what an earlier page has sent", () => {
  const queue = upload({ chunks: 2 })
  queue.add(chunk(2, 320))
  queue.started(10)
  assert.deepEqual([queue.savedMs, queue.recordedMs], [1000, 1210])

  queue.takeFrames()
  queue.acked(13)

  assert.deepEqual([queue.savedMs, queue.recordedMs], [1210, 1210])
})
