/*
 * What is drawn of an answer, as numbers and SVG paths: the level as the envelope of its waveform, the
 * pitch, speech and pauses, words and pace, all over one axis of time.
 *
 * `trace` is as the server measured it from the audio; `words` are those of the recogniser. Between
 * `startMs` and `endMs` it is drawn, `width` pixels wide. The other axes are the same for every
 * answer, so that a quiet one looks quiet beside a loud one.
 */

// Left of every drawing, for its labels: those that stand below each other have one axis of time.
export const GUTTER = 34
export const FLOOR_DBFS = -60
export const LOWEST_HZ = 75
export const HIGHEST_HZ = 500
export const PITCH_TICKS_HZ = [100, 200, 400]
export const MOST_WPM = 300
export const PACE_TICKS_WPM = [100, 200]

const PAUSE_MS = 250
const PACE_MS = 5000
const TICK_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]
const MIN_TICK_PIXELS = 52
// Below it, labels would name a word here and there.
const MIN_LABEL_PIXELS_PER_SECOND = 80
const LABEL_GAP = 4
const LABEL_LINES = 2

const LIVE_MS = 10000

// What is drawn while somebody speaks: the last seconds, or the first ones until they are full. Words
// come after their audio: past the last one there is no telling how many there were.
export function liveSound(trace, words) {
  const endMs = Math.max(LIVE_MS, traceEnd(trace))
  return { trace, words, startMs: endMs - LIVE_MS, endMs, wordsEndMs: words.at(-1)?.end_ms ?? 0 }
}

export function wholeSound(trace, words, durationMs) {
  return { trace, words, endMs: durationMs ?? traceEnd(trace) }
}

// Of those since then; words come in the order of their times.
export function recentWords(segments, sinceMs) {
  const first = (segments ?? []).findLastIndex(({ end_ms }) => end_ms < sinceMs) + 1
  return wordsOf(segments?.slice(first))
}

export function wordsOf(segments = []) {
  return segments.flatMap(({ words = [] }) => words)
}

export function traceEnd({ start_ms, interval_ms, level_dbfs }) {
  return start_ms + interval_ms * level_dbfs.length
}

export class AnswerPlot {
  #trace
  #words
  #start
  #end
  #wordsEnd
  #width

  constructor({ trace, words = [], startMs = 0, endMs = traceEnd(trace), wordsEndMs = endMs }, width) {
    this.#trace = trace
    this.#words = words
    this.#start = startMs
    this.#end = Math.max(endMs, startMs + 1)
    this.#wordsEnd = wordsEndMs
    this.#width = width
  }

  msAt(x) {
    return this.#start + (Math.min(this.#width, Math.max(0, x)) / this.#width) * (this.#end - this.#start)
  }

  x(ms) {
    return round(((ms - this.#start) / (this.#end - this.#start)) * this.#width)
  }

  // A shape around the middle of `height`: 0 dBFS fills it, FLOOR_DBFS and less is a line.
  envelope(height) {
    const points = this.#points(this.#trace.level_dbfs)
    if (!points.length) return ""
    const half = ([, level]) => Math.max(0.5, (share(level, FLOOR_DBFS, 0) * height) / 2)
    const above = points.map((point) => `${point[0]} ${round(height / 2 - half(point))}`)
    const below = points.toReversed().map((point) => `${point[0]} ${round(height / 2 + half(point))}`)
    return `M${[...above, ...below].join("L")}Z`
  }

  // Lines through what is voiced, with nothing between them.
  contour(height) {
    let path = ""
    let isOpen = false
    for (const [x, hz] of this.#points(this.#trace.pitch_hz)) {
      if (hz !== null) path += `${isOpen ? "L" : "M"}${x} ${pitchY(hz, height)}${isOpen ? "" : "h0"}`
      isOpen = hz !== null
    }
    return path
  }

  get speech() {
    return this.#trace.speech_ms.flatMap(([start, end]) => this.#stretch(start, end))
  }

  // What lies between two stretches of speech and lasts at least PAUSE_MS.
  get pauses() {
    const stretches = this.#trace.speech_ms
    return stretches.slice(1).flatMap(([start], index) => {
      const end = stretches[index][1]
      return start - end >= PAUSE_MS ? this.#stretch(end, start) : []
    })
  }

  // Each word's place, with a label and its line where there is room for one.
  words(characterWidth) {
    const hasLabels = this.x(this.#start + 1000) >= MIN_LABEL_PIXELS_PER_SECOND
    const free = Array(LABEL_LINES).fill(0)
    return this.#words.flatMap(({ word, start_ms, end_ms }) =>
      this.#stretch(start_ms, end_ms).map((place) => {
        const labelEnd = place.x + word.length * characterWidth
        const line = hasLabels && labelEnd <= this.#width ? free.findIndex((x) => x <= place.x) : -1
        if (line >= 0) free[line] = labelEnd + LABEL_GAP
        return { ...place, label: line >= 0 ? word : null, line, startMs: start_ms, endMs: end_ms }
      })
    )
  }

  // Words a minute in steps of PACE_MS, for those of which at least half is known.
  get pace() {
    const steps = []
    const first = Math.floor(this.#start / PACE_MS) * PACE_MS
    for (let start = first; start < this.#wordsEnd; start += PACE_MS) {
      const end = Math.min(start + PACE_MS, this.#wordsEnd)
      if (end - start < PACE_MS / 2) continue
      const count = this.#words.filter(({ start_ms }) => start_ms >= start && start_ms < end).length
      steps.push({ startMs: start, endMs: end, wpm: (count * 60000) / (end - start) })
    }
    return steps
  }

  pacePath(height) {
    return this.pace
      .map(({ startMs, endMs, wpm }, index) => {
        const y = paceY(wpm, height)
        const begin = index ? `V${y}` : `M${Math.max(0, this.x(startMs))} ${y}`
        return `${begin}H${Math.min(this.#width, this.x(endMs))}`
      })
      .join("")
  }

  // Where the axis of time is marked.
  get ticks() {
    const seconds = (this.#end - this.#start) / 1000
    const step =
      TICK_SECONDS.find((each) => (each / seconds) * this.#width >= MIN_TICK_PIXELS) ?? TICK_SECONDS.at(-1)
    const ticks = []
    for (let ms = Math.ceil(this.#start / 1000 / step) * step * 1000; ms <= this.#end; ms += step * 1000) {
      ticks.push({ ms, x: this.x(ms) })
    }
    return ticks
  }

  // The middle of each of the trace's steps that is inside, with its value.
  #points(values) {
    const { start_ms, interval_ms } = this.#trace
    return values.flatMap((value, index) => {
      const ms = start_ms + (index + 0.5) * interval_ms
      return ms < this.#start || ms > this.#end ? [] : [[this.x(ms), value]]
    })
  }

  // As much of it as is inside.
  #stretch(startMs, endMs) {
    const start = Math.max(startMs, this.#start)
    const end = Math.min(endMs, this.#end)
    return end > start ? [{ x: this.x(start), width: round(this.x(end) - this.x(start)) }] : []
  }
}

// Equal distances are equal intervals: the axis is logarithmic.
export function pitchY(hz, height) {
  return round(height * (1 - share(Math.log2(hz), Math.log2(LOWEST_HZ), Math.log2(HIGHEST_HZ))))
}

export function paceY(wpm, height) {
  return round(height * (1 - share(wpm, 0, MOST_WPM)))
}

function share(value, low, high) {
  return Math.min(1, Math.max(0, (value - low) / (high - low)))
}

function round(value) {
  return Math.round(value * 10) / 10
}
