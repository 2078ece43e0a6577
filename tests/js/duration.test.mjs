import assert from "node:assert/strict"
import { test } from "node:test"

import { duration, spokenDuration } from "../../static/interviews/js/models/duration.js"

test("minutes and seconds", () => {
  assert.deepEqual([0, 999, 1000, 59999, 60000, 83400, 3600000].map(duration), [
    "0:00",
    "0:00",
    "0:01",
    "0:59",
    "1:00",
    "1:23",
    "60:00"
  ])
})

test("durations as they are said", () => {
  assert.deepEqual(
    [1, 30, 90, 120, 180].map((seconds) => spokenDuration(seconds, "en")),
    ["1 second", "30 seconds", "90 seconds", "2 minutes", "3 minutes"]
  )
})
