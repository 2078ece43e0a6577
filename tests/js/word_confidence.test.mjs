import assert from "node:assert/strict"
import { test } from "node:test"

import { runsOf } from "../../static/interviews/js/models/word_confidence.js"

const word = (text, confidence) => ({ word: text, confidence })

test("words of which the recogniser was less sure stand alone, and the rest stays together", () => {
  const words = [word("so", 0.9), word("i", 0.5), word("do", 0.49), word("it", 0.1), word("well", 1)]

  assert.deepEqual(runsOf({ text: "so i do it well", words }, 0.5), [
    { text: "so i ", confidence: null },
    { text: "do", confidence: 0.49 },
    { text: " ", confidence: null },
    { text: "it", confidence: 0.1 },
    { text: " well", confidence: null }
  ])
})

test("the runs are the text", () => {
  const words = [word("do", 0.1), word("it", 0.2)]

  assert.equal(
    runsOf({ text: "do it", words }, 0.5)
      .map(({ text }) => text)
      .join(""),
    "do it"
  )
})

test("a recogniser that reports no confidence has nothing marked, nor have words that are not known", () => {
  const whole = [{ text: "do it", confidence: null }]

  assert.deepEqual(runsOf({ text: "do it", words: [word("do", null), word("it", null)] }, 0.5), whole)
  assert.deepEqual(runsOf({ text: "do it" }, 0.5), whole)
  assert.deepEqual(runsOf({ text: "do it", words: [word("do", 0.1), word("it", 0.1)] }, 0), whole)
})

test("words of another text mark nothing", () => {
  assert.deepEqual(runsOf({ text: "Do it!", words: [word("do", 0.1), word("it", 0.1)] }, 0.5), [
    { text: "Do it!", confidence: null }
  ])
})
