import assert from "node:assert/strict"
import { test } from "node:test"

import { AnswerUpload } from "../../static/js/models/answer_upload.js"

const CHUNK = 3200

function upload({ maxBytes = 100 * CHUNK, windowBytes = 100 * CHUNK, chunks = 0 } = {}) {
  const queue = new AnswerUpload({ maxBytes, windowBytes })
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

test("after a new connection it goes on from what the server asks for", () => {
  const queue = upload({ chunks: 5 })
  queue.started(0)
  queue.takeFrames()
  queue.acked(2)

  assert.equal(queue.started(3), true)

  const frames = queue.takeFrames()
  assert.deepEqual(indexes(frames), [3, 4])
  assert.deepEqual(values(frames), [3, 4])
})

test("a server that wants what was let go, or knows more than was recorded, is out of step", () => {
  const queue = upload({ chunks: 5 })
  queue.started(0)
  queue.acked(3)

  assert.equal(queue.started(2), false)
  assert.equal(queue.started(6), false)
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
