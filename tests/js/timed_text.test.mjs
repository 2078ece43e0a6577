import assert from "node:assert/strict"
import { test } from "node:test"

import { timedText } from "../../static/interviews/js/models/timed_text.js"

const SAID = "i red a lot of books"
  .split(" ")
  .map((word, n) => ({ word, start_ms: 1000 + 500 * n, end_ms: 1400 + 500 * n }))

function times(text, words = SAID) {
  return timedText(text, words, 1000).map(({ start, end, startMs, isTimed }) => [
    text.slice(start, end),
    startMs,
    ...(isTimed ? [] : ["-"])
  ])
}

test("capitals and commas cost no word its time", () => {
  assert.deepEqual(times("I red, a lot of books."), [
    ["I", 1000],
    ["red,", 1500],
    ["a", 2000],
    ["lot", 2500],
    ["of", 3000],
    ["books.", 3500]
  ])
})

test("what was corrected is heard from the word before, and what wasn't keeps its time", () => {
  assert.deepEqual(times("I read a whole lot of good books"), [
    ["I", 1000],
    ["read", 1000, "-"],
    ["a", 2000],
    ["whole", 2000, "-"],
    ["lot", 2500],
    ["of", 3000],
    ["good", 3000, "-"],
    ["books", 3500]
  ])
})

test("words that were left out are left out", () => {
  assert.deepEqual(times("a lot"), [
    ["a", 2000],
    ["lot", 2500]
  ])
})

test("another text is heard from its beginning, and so is one without words", () => {
  assert.deepEqual(times("Nothing alike"), [
    ["Nothing", 1000, "-"],
    ["alike", 1000, "-"]
  ])
  assert.deepEqual(times("I red", []), [
    ["I", 1000, "-"],
    ["red", 1000, "-"]
  ])
  assert.deepEqual(times(""), [])
})

test("a very long text that was written anew is not compared word by word", () => {
  const words = Array.from({ length: 2000 }, (_, n) => ({ word: `w${n}`, start_ms: n, end_ms: n + 1 }))

  const found = timedText(Array.from({ length: 2000 }, (_, n) => `v${n}`).join(" "), words, 0)

  assert.ok(found.every(({ isTimed }) => !isTimed))
})
