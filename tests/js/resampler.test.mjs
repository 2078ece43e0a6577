import assert from "node:assert/strict"
import { test } from "node:test"

import { Resampler } from "../../static/interviews/js/models/resampler.js"

const SECONDS = 1
const RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000]

function tone(hertz, rate) {
  return Float32Array.from(
    { length: rate * SECONDS },
    (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * n) / rate)
  )
}

function resample(input, rate, blockLength = 128) {
  const resampler = new Resampler(rate)
  const output = []
  for (let start = 0; start < input.length; start += blockLength) {
    output.push(...resampler.push(input.subarray(start, start + blockLength)))
  }
  output.push(...resampler.flush())
  return Float32Array.from(output)
}

// The level of what came out against a tone of 0.5, without the edges.
function gainDb(output) {
  const middle = output.slice(output.length / 4, (output.length * 3) / 4)
  const power = middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length
  return 10 * Math.log10(power / 0.125)
}

for (const rate of RATES) {
  test(`a second at ${rate} Hz becomes 16,000 samples`, () => {
    const output = resample(tone(440, rate), rate)

    assert.ok(Math.abs(output.length - 16000) <= 1, `${output.length} samples`)
  })

  test(`speech at ${rate} Hz keeps its level and its place`, () => {
    const top = 0.43 * Math.min(rate, 16000)
    for (const hertz of [100, 440, 1000, 3000, top]) {
      const output = resample(tone(hertz, rate), rate)
      const expected = tone(hertz, 16000)
      const middle = [...output.slice(4000, 12000)]
      const error = Math.max(...middle.map((sample, n) => Math.abs(sample - expected[n + 4000])))

      assert.ok(Math.abs(gainDb(output)) < 0.02, `${hertz} Hz: ${gainDb(output)} dB`)
      assert.ok(error < 0.002, `${hertz} Hz: off by ${error}`)
    }
  })
}

for (const rate of [22050, 32000, 44100, 48000, 96000]) {
  test(`what 16 kHz can't hold of ${rate} Hz does not fold back`, () => {
    for (const hertz of [8050, 9000, 10900, 15000, rate / 2 - 100].filter((hertz) => hertz < rate / 2)) {
      const level = gainDb(resample(tone(hertz, rate), rate))

      assert.ok(level < -75, `${hertz} Hz comes through at ${level} dB`)
    }
  })
}

test("output does not depend on how the input was cut", () => {
  const input = tone(1234, 44100)
  const whole = resample(input, 44100, input.length)

  for (const blockLength of [1, 7, 128, 441, 5000]) {
    assert.deepEqual(resample(input, 44100, blockLength), whole)
  }
})

test("a constant comes through as it is", () => {
  const output = resample(new Float32Array(44100).fill(0.25), 44100)

  const middle = [...output.slice(1000, 15000)]
  assert.ok(Math.max(...middle.map((sample) => Math.abs(sample - 0.25))) < 1e-6)
})

test("16 kHz comes through untouched", () => {
  const input = tone(7900, 16000)

  assert.deepEqual(resample(input, 16000), input)
})
