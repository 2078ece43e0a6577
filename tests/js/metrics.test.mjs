import assert from "node:assert/strict"
import { test } from "node:test"

import { metricText } from "../../static/interviews/js/models/metrics.js"

const METRICS = {
  speaking_rate_wpm: 132.4,
  confidence_score: 0.913,
  fluency_score: 0,
  intonation_score: null
}

test("a metric is shown with its unit's digits", () => {
  assert.equal(metricText("speaking_rate_wpm", METRICS), "132")
  assert.equal(metricText("confidence_score", METRICS), "91 %")
})

test("zero was measured", () => {
  assert.equal(metricText("fluency_score", METRICS), "0.00")
})

test("what was not measured is nothing, never zero", () => {
  assert.equal(metricText("intonation_score", METRICS), null)
  assert.equal(metricText("confidence_score", null), null)
})
