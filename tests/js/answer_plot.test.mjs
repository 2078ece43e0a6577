import assert from "node:assert/strict"
import { test } from "node:test"

import {
  AnswerPlot,
  liveSound,
  paceY,
  pitchY,
  recentWords,
  traceEnd,
  wholeSound,
  wordsOf
} from "../../static/interviews/js/models/answer_plot.js"

const TRACE = {
  start_ms: 0,
  interval_ms: 1000,
  level_dbfs: [-60, -30, 0, -90],
  pitch_hz: [null, 100, 200, null],
  speech_ms: [
    [1000, 2000],
    [2100, 2500],
    [3000, 3500]
  ]
}

function word(text, start_ms, end_ms = start_ms + 200) {
  return { word: text, start_ms, end_ms }
}

function answer(fields = {}) {
  return { trace: TRACE, words: [], ...fields }
}

test("the level is the waveform's envelope, and silence a line", () => {
  const plot = new AnswerPlot(answer(), 400)

  const path = plot.envelope(40)

  assert.equal(path, "M50 19.5L150 10L250 0L350 19.5L350 20.5L250 40L150 30L50 20.5Z")
})

test("the pitch is drawn where there is a voice, on an axis of equal intervals", () => {
  const plot = new AnswerPlot(answer({ trace: { ...TRACE, pitch_hz: [100, null, 200, 400] } }), 400)
  const octaves = [pitchY(100, 300) - pitchY(200, 300), pitchY(200, 300) - pitchY(400, 300)]

  assert.match(plot.contour(300), /^M50 \S+h0M250 \S+h0L350 \S+$/)
  assert.ok(Math.abs(octaves[0] - octaves[1]) < 0.2)
  assert.deepEqual([pitchY(60, 300), pitchY(900, 300)], [300, 0])
})

test("speech is where it was measured, and a pause lasts a quarter of a second", () => {
  const plot = new AnswerPlot(answer(), 400)

  assert.deepEqual(plot.speech, [
    { x: 100, width: 100 },
    { x: 210, width: 40 },
    { x: 300, width: 50 }
  ])
  assert.deepEqual(plot.pauses, [{ x: 250, width: 50 }])
})

test("of the last seconds, what lies before them is cut off", () => {
  const trace = { ...TRACE, start_ms: 8000, speech_ms: [[7000, 9500]] }
  const words = [word("early", 7500, 8500), word("late", 9000, 9400)]
  const plot = new AnswerPlot({ trace, words, startMs: 8000, endMs: traceEnd(trace) }, 400)

  assert.deepEqual(plot.speech, [{ x: 0, width: 150 }])
  assert.deepEqual(
    plot.words(1).map(({ x, width }) => [x, width]),
    [
      [0, 50],
      [100, 40]
    ]
  )
  assert.deepEqual(
    plot.ticks.map(({ ms }) => ms),
    [8000, 9000, 10000, 11000, 12000]
  )
})

test("words are named where there is room, and not at all where they are too close", () => {
  const words = [word("one", 0), word("two", 200), word("so", 250), word("three", 1000)]

  const roomy = new AnswerPlot(answer({ words }), 400).words(10)
  const narrow = new AnswerPlot(answer({ words }), 100).words(10)

  assert.deepEqual(
    roomy.map(({ label, line }) => [label, line]),
    [
      ["one", 0],
      ["two", 1],
      [null, -1],
      ["three", 0]
    ]
  )
  assert.deepEqual(
    narrow.map(({ label }) => label),
    [null, null, null, null]
  )
})

test("the pace is counted in steps of five seconds, the rest only if it is half of one", () => {
  const words = [0, 1000, 2000, 6000, 10500].map((start) => word("so", start))

  const whole = new AnswerPlot(answer({ words, endMs: 12500 }), 125)
  const shorter = new AnswerPlot(answer({ words, endMs: 12400 }), 124)

  assert.deepEqual(
    whole.pace.map(({ wpm }) => wpm),
    [36, 12, 24]
  )
  assert.equal(whole.pacePath(300), "M0 264H50V288H100V276H125")
  assert.deepEqual(
    shorter.pace.map(({ wpm }) => wpm),
    [36, 12]
  )
  assert.equal(paceY(400, 300), 0)
})

test("no pace is drawn of seconds whose words are still to come", () => {
  const words = [word("so", 0)]

  assert.deepEqual(new AnswerPlot(answer({ words, endMs: 20000, wordsEndMs: 200 }), 400).pace, [])
})

test("times are marked as closely as there is room for them", () => {
  const ticks = (endMs, width) => new AnswerPlot(answer({ endMs }), width).ticks.map(({ ms }) => ms / 1000)

  assert.deepEqual(ticks(10000, 260), [0, 2, 4, 6, 8, 10])
  assert.deepEqual(ticks(180000, 260), [0, 60, 120, 180])
  assert.deepEqual(ticks(3600000, 260), [0, 900, 1800, 2700, 3600])
})

test("nothing measured is nothing drawn", () => {
  const trace = { start_ms: 0, interval_ms: 50, level_dbfs: [], pitch_hz: [], speech_ms: [] }
  const plot = new AnswerPlot({ trace }, 300)

  assert.deepEqual([plot.envelope(40), plot.contour(40), plot.pacePath(40)], ["", "", ""])
  assert.deepEqual([plot.speech, plot.pauses, plot.words(6)], [[], [], []])
})

test("live, it is the last ten seconds, and the first ones until they are full", () => {
  const ends = (startMs) => {
    const sound = liveSound({ ...TRACE, start_ms: startMs }, [word("so", startMs)])
    return [sound.startMs, sound.endMs, sound.wordsEndMs]
  }

  assert.deepEqual(ends(0), [0, 10000, 200])
  assert.deepEqual(ends(26000), [20000, 30000, 26200])
})

test("a whole answer is as long as its recording", () => {
  assert.equal(wholeSound(TRACE, [], 4321).endMs, 4321)
  assert.equal(wholeSound(TRACE, [], null).endMs, 4000)
})

test("words come from the finals that have them, which a snapshot's have not", () => {
  assert.deepEqual(wordsOf([{ text: "one" }, { text: "two", words: [word("two", 0)] }]), [word("two", 0)])
  assert.deepEqual(wordsOf(undefined), [])
})

test("recent words are those of the segments that reach into the last seconds", () => {
  const segments = [0, 4000, 8000].map((start) => ({
    end_ms: start + 3000,
    words: [word(`at ${start}`, start)]
  }))

  assert.deepEqual(
    recentWords(segments, 5000).map(({ start_ms }) => start_ms),
    [4000, 8000]
  )
  assert.deepEqual(recentWords(segments, 0).length, 3)
  assert.deepEqual(recentWords(undefined, 0), [])
})
