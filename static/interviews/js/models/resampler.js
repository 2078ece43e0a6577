/*
 * Any microphone's rate → 16 kHz, by a polyphase windowed-sinc low-pass.
 *
 * The ratio of the two rates, in lowest terms, is up / down: output n lies at input time
 * n · down / up, and so falls on one of `up` fractional positions, each with its own row of taps.
 * Output depends on the samples alone, never on how they were cut into blocks.
 *
 * Kaiser window: Oppenheim & Schafer, Discrete-Time Signal Processing, section 7.5.3.
 */

export const OUTPUT_RATE = 16000

const STOPBAND_DB = 80
// Shares of the lower of the two rates: flat up to 7 kHz and silent from 8 kHz on, for 16 kHz.
const PASSBAND = 0.4375
const STOPBAND = 0.5

// The sample itself, and none of the one after it.
const UNCHANGED = [Float64Array.of(1, 0)]

export class Resampler {
  #up
  #down
  #rows
  #length
  #waiting
  #first = 0
  #phase = 0

  constructor(inputRate, outputRate = OUTPUT_RATE) {
    const divisor = greatestCommonDivisor(inputRate, outputRate)
    this.#up = outputRate / divisor
    this.#down = inputRate / divisor
    this.#rows = inputRate === outputRate ? UNCHANGED : tapRows(inputRate, outputRate, this.#up)
    this.#length = this.#rows[0].length
    // Silence before the first sample, so that the first output is centred on it.
    this.#waiting = new Float32Array(this.#length / 2 - 1)
  }

  push(input) {
    const samples = joined(this.#waiting, input)
    const output = []
    while (this.#first + this.#length <= samples.length) {
      output.push(dot(this.#rows[this.#phase], samples, this.#first))
      this.#advance()
    }
    const used = Math.min(this.#first, samples.length)
    this.#waiting = samples.slice(used)
    this.#first -= used
    return Float32Array.from(output)
  }

  // What the filter still holds back at the end.
  flush() {
    return this.push(new Float32Array(this.#length / 2))
  }

  #advance() {
    this.#phase += this.#down
    this.#first += Math.floor(this.#phase / this.#up)
    this.#phase %= this.#up
  }
}

function tapRows(inputRate, outputRate, up) {
  const lower = Math.min(inputRate, outputRate) / inputRate
  const cutoff = (lower * (PASSBAND + STOPBAND)) / 2
  const transition = 2 * Math.PI * lower * (STOPBAND - PASSBAND)
  const half = Math.ceil((STOPBAND_DB - 8) / (2.285 * transition) / 2)
  return Array.from({ length: up }, (_, phase) => tapRow(phase / up, half, cutoff))
}

function tapRow(fraction, half, cutoff) {
  const beta = 0.1102 * (STOPBAND_DB - 8.7)
  const taps = Float64Array.from({ length: 2 * half }, (_, index) => {
    const distance = index - (half - 1) - fraction
    return 2 * cutoff * sinc(2 * cutoff * distance) * kaiser(distance / half, beta)
  })
  // Each row passes a constant unchanged; without this the rows would differ and hum.
  const gain = taps.reduce((sum, tap) => sum + tap, 0)
  return taps.map((tap) => tap / gain)
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

function kaiser(x, beta) {
  return Math.abs(x) >= 1 ? 0 : bessel(beta * Math.sqrt(1 - x * x)) / bessel(beta)
}

// The modified Bessel function of the first kind and order zero, by its power series.
function bessel(x) {
  let term = 1
  let sum = 1
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

function dot(taps, samples, first) {
  let sum = 0
  for (let index = 0; index < taps.length; index++) sum += taps[index] * samples[first + index]
  return sum
}

function joined(a, b) {
  const both = new Float32Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
