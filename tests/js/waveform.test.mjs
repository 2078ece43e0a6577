import assert from "node:assert/strict"
import { test } from "node:test"

import { levelPeaks, peaksOf, waveformPath } from "../../static/interviews/js/models/waveform.js"

test("a bar is as high as the loudest of its part, and silence a dot", () => {
  assert.equal(waveformPath(Uint8Array.of(0, 255, 64, 16), 6, 40), "M1.5 0v40M4.5 10v20")
  assert.equal(waveformPath(Uint8Array.of(0), 3, 40), "M1.5 19.5v1")
})

test("fewer peaks than there is room for are drawn more than once each", () => {
  assert.equal(waveformPath(Uint8Array.of(255, 0), 12, 10), "M1.5 0v10M4.5 0v10M7.5 4.5v1M10.5 4.5v1")
})

test("an hour has no more bars than a minute", () => {
  const bars = (count) => waveformPath(new Uint8Array(count).fill(100), 900, 40).split("M").length - 1

  assert.deepEqual([bars(1200), bars(72000)], [300, 300])
})

test("no peaks are drawn as nothing", () => {
  assert.equal(waveformPath(new Uint8Array(), 900, 40), "")
})

test("peaks come as the server writes them", () => {
  assert.deepEqual([...peaksOf("AID/")], [0, 128, 255])
})

test("where there are none the level stands in for them", () => {
  assert.deepEqual([...levelPeaks({ level_dbfs: [0, -20, -90, 3] })], [255, 26, 0, 255])
})
