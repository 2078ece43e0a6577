import assert from "node:assert/strict"
import { test } from "node:test"

import { TranscriptSearch } from "../../static/interviews/js/models/transcript_search.js"

const TEXTS = ["Good work, good people", "In Zürich the\n  WORK went on"]

function found(query) {
  return new TranscriptSearch(TEXTS)
    .find(query)
    .map(({ text, start, end }) => [text, TEXTS[text].slice(start, end)])
}

test("capitals and accents make no difference", () => {
  assert.deepEqual(found("work"), [
    [0, "work"],
    [1, "WORK"]
  ])
  assert.deepEqual(found("zurich"), [[1, "Zürich"]])
  assert.deepEqual(found("ZÜRICH"), [[1, "Zürich"]])
})

test("nor does it how many spaces there are", () => {
  assert.deepEqual(found(" the work "), [[1, "the\n  WORK"]])
})

test("nothing is found of nothing", () => {
  assert.deepEqual([found(""), found("  "), found("holiday")], [[], [], []])
})

test("one goes through the matches and round, either way", () => {
  const search = new TranscriptSearch(TEXTS)
  search.find("o")

  const count = search.matches.length
  const stepped = (by) => {
    search.step(by)
    return search.index
  }
  const forward = [1, 1, 1].map(stepped)
  const back = [-1, -1, -1].map(stepped)

  assert.deepEqual([count, forward, back], [8, [0, 1, 2], [1, 0, 7]])
})

test("the first step back goes to the last match, and there is none where nothing was found", () => {
  const search = new TranscriptSearch(TEXTS)

  search.find("work")
  assert.equal(search.step(-1).text, 1)
  search.find("holiday")
  assert.equal(search.step(1), null)
})

test("a new search begins before the first match", () => {
  const search = new TranscriptSearch(TEXTS)
  search.find("work")
  search.step(1)

  search.find("good")

  assert.equal(search.step(1).start, 0)
})
