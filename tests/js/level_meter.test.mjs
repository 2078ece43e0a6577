import assert from "node:assert/strict"
import { test } from "node:test"

import { LevelMeter } from "../../static/interviews/js/models/level_meter.js"

const SILENCE = new Int16Array(1600).buffer

function square(amplitude) {
  return Int16Array.from({ length: 1600 }, (_, n) => (n % 2 ? amplitude : -amplitude)).buffer
}

test("a full square wave is 0 dBFS and a tenth of it −20", () => {
  const meter = new LevelMeter()

  meter.push(square(32767), 100)
  assert.ok(Math.abs(meter.dbfs) < 0.01)
  meter.push(square(3277), 100)
  assert.ok(Math.abs(meter.dbfs + 20) < 0.01)
})

test("digital silence is the floor, and empty", () => {
  const meter = new LevelMeter()

  meter.push(SILENCE, 100)

  assert.equal(meter.dbfs, -70)
  assert.equal(meter.level, 0)
  assert.equal(meter.heard, false)
})

test("it is silent after five quiet seconds, and no more once somebody speaks", () => {
  const meter = new LevelMeter()
  for (let n = 0; n < 49; n++) meter.push(SILENCE, 100)
  assert.equal(meter.isSilent, false)

  meter.push(SILENCE, 100)
  assert.equal(meter.isSilent, true)

  meter.push(square(1000), 100)
  assert.equal(meter.isSilent, false)
  assert.equal(meter.heard, true)
})

test("clipping is told", () => {
  const meter = new LevelMeter()

  meter.push(square(32767), 100)

  assert.equal(meter.clipped, true)
})
