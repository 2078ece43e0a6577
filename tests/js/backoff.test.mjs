import assert from "node:assert/strict"
import { test } from "node:test"

import { Backoff } from "../../static/interviews/js/models/backoff.js"

test("waits double up to ten seconds", () => {
  const backoff = new Backoff(() => 1)

  const delays = Array.from({ length: 7 }, () => backoff.nextDelayMs())

  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 10000, 10000])
})

test("chance takes away up to half", () => {
  assert.equal(new Backoff(() => 0).nextDelayMs(), 250)
})

test("a success starts anew", () => {
  const backoff = new Backoff(() => 1)
  backoff.nextDelayMs()
  backoff.nextDelayMs()

  backoff.reset()

  assert.equal(backoff.nextDelayMs(), 500)
})

test("a server that asks for patience gets it on top", () => {
  assert.equal(new Backoff(() => 1).nextDelayMs({ afterMs: 10000 }), 10500)
})

test("who must not wait long tries often", () => {
  const backoff = new Backoff(() => 1)

  const delays = Array.from({ length: 4 }, () => backoff.nextDelayMs({ longestMs: 1000 }))

  assert.deepEqual(delays, [500, 1000, 1000, 1000])
})
