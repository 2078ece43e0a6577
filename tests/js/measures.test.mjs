import assert from "node:assert/strict"
import { test } from "node:test"

import {
  decimal,
  isGiven,
  isMeasured,
  readingText,
  recentText
} from "../../static/interviews/js/models/measures.js"

const UNITS = { "unit.Hz": "{value} Hz", "unit.ratio": "{value} %" }
const phrase = (name, { value }) => UNITS[name]?.replace("{value}", value) ?? null

test("a reading is said with its unit, and a share in per cent", () => {
  assert.equal(readingText({ value: 118.4, unit: "Hz" }, 0, phrase, "en"), "118 Hz")
  assert.equal(readingText({ value: 0.784, unit: "ratio" }, 0, phrase, "en"), "78 %")
  assert.equal(readingText({ value: 0.00012, unit: "ratio" }, 2, phrase, "en"), "0.01 %")
})

test("a unit that the page has no words for is said as it came", () => {
  assert.equal(readingText({ value: 4.25, unit: "phones/s" }, 1, phrase, "en"), "4.3 phones/s")
})

test("halves are rounded away from zero, as on the server", () => {
  assert.deepEqual(
    [118.5, 2.5, -23.5].map((value) => decimal(value, 0, "en")),
    ["119", "3", "−24"]
  )
})

test("numbers are written as the language of the page writes them, as on the server", () => {
  assert.deepEqual(
    [4.25, -23.5, 1234.5].map((value) => decimal(value, 1, "de")),
    ["4,3", "−23,5", "1234,5"]
  )
  assert.equal(readingText({ value: 0.00012, unit: "ratio" }, 2, phrase, "de"), "0,01 %")
})

test("beside a reading with its unit the number is enough", () => {
  assert.equal(recentText({ value: 0.784, unit: "ratio", status: "ok" }, 0), "78")
  assert.equal(recentText({ value: null, unit: "Hz", status: "noisy" }, 0), null)
})

test("zero was measured", () => {
  assert.equal(isGiven({ value: 0, status: "ok" }), true)
  assert.equal(isGiven({ value: null, status: "noisy" }), false)
  assert.equal(isGiven(undefined), false)
})

test("answers of before have no measures", () => {
  assert.equal(isMeasured({ version: 1, measures: {} }), false)
  assert.equal(
    isMeasured({ version: 2, measures: { snr_db: { value: 30, unit: "dB", status: "ok" } } }),
    true
  )
  assert.equal(isMeasured(null), false)
})
