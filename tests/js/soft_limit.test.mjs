import assert from "node:assert/strict"
import { test } from "node:test"

import { softLimit } from "../../static/interviews/js/models/soft_limit.js"

test("what is left, and what is over", () => {
  assert.deepEqual(softLimit(180, 60_000), { leftMs: 120_000, overMs: 0, isOver: false })
  assert.deepEqual(softLimit(180, 180_000), { leftMs: 0, overMs: 0, isOver: true })
  assert.deepEqual(softLimit(180, 185_000), { leftMs: 0, overMs: 5000, isOver: true })
})

test("without a planned time there is no limit", () => {
  assert.equal(softLimit(0, 60_000), null)
})
