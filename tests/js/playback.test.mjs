import assert from "node:assert/strict"
import { test } from "node:test"

import { commandOf, indexAt, skipped, soughtBy } from "../../static/interviews/js/models/playback.js"

test("arrows go a second, pages ten, and neither leaves the answer", () => {
  assert.deepEqual(
    ["ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End"].map((key) =>
      soughtBy(key, 30000, 60000)
    ),
    [31000, 29000, 40000, 20000, 0, 60000]
  )
  assert.equal(soughtBy("ArrowLeft", 400, 60000), 0)
  assert.equal(soughtBy("PageUp", 55000, 60000), 60000)
})

test("other keys lead nowhere", () => {
  assert.equal(soughtBy("Tab", 400, 60000), null)
})

test("what is said is the last that has begun", () => {
  const starts = [1000, 5000, 9000]

  assert.deepEqual(
    [0, 1000, 8999, 99999].map((ms) => indexAt(starts, ms)),
    [-1, 0, 1, 2]
  )
})

test("space and k play and pause, j and l go back and on, with no other key held", () => {
  const keys = [
    { key: " " },
    { key: "K" },
    { key: "j" },
    { key: "l" },
    { key: "x" },
    { key: "l", ctrlKey: true }
  ]

  assert.deepEqual(keys.map(commandOf), ["toggle", "toggle", "back", "forward", undefined, undefined])
})

test("nobody skips out of an answer", () => {
  assert.deepEqual(
    [skipped(2000, -5000, 60000), skipped(58000, 5000, 60000), skipped(9000, 5000, 60000)],
    [0, 60000, 14000]
  )
})
