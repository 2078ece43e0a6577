import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"

import { NOT_KEPT } from "../../static/interviews/js/models/not_kept.js"
import { change, done, openDatabase } from "../../static/interviews/js/storage/database.js"
import { forgetInterview, KeptAudio } from "../../static/interviews/js/storage/kept_audio.js"
import { FakeBrowser } from "./fake_tabs.mjs"

const DAY_MS = 24 * 60 * 60 * 1000

let browser
let awake

beforeEach(() => {
  browser = new FakeBrowser()
  // Waiting for a lock keeps no program going, unlike a page.
  awake = setInterval(() => {}, 1000)
})

afterEach(() => {
  clearInterval(awake)
})

// A page of an interview in a tab of its own: what it keeps, and what it was told.
async function opened(interview = "i1") {
  const tab = browser.openTab()
  const told = []
  const handlers = { changed: () => told.push("changed"), lost: () => told.push("lost") }
  const kept = await KeptAudio.open(interview, handlers)
  return { kept, told, close: tab.close }
}

// All that is in the database once everything that was begun before is there.
async function stored() {
  const database = await openDatabase()
  const found = await change(database, async ({ takes, chunks }) => ({
    takes: await done(takes.getAll()),
    chunks: await done(chunks.getAll())
  }))
  database.close()
  return { takes: found.takes, said: found.chunks.map(saidIn) }
}

const pcm = (...samples) => new Int16Array(samples).buffer
const saidIn = (chunk) => new Int16Array(chunk)[0]

// A take of three chunks whose tab is gone.
async function left(interview = "i1", { question = "q1", numbered = null } = {}) {
  const page = await opened(interview)
  const take = page.kept.begin(question)
  for (const sample of [1, 2, 3]) take.add(pcm(sample))
  if (numbered) await take.number(...numbered)
  await stored()
  page.close()
}

test("where nothing was kept nothing is left, and nobody is elsewhere", async () => {
  const { kept, told } = await opened()

  assert.deepEqual([kept.leftover, kept.isElsewhere, told], [null, false, []])
  assert.deepEqual(await stored(), { takes: [], said: [] })
})

test("what was recorded before the server had said anything is left in its order, without numbers", async () => {
  await left()

  const { leftover, isElsewhere } = (await opened()).kept

  assert.deepEqual(leftover.chunks.map(saidIn), [1, 2, 3])
  const { questionId, answerId, state, first, bound, isKept, mayBeSent } = leftover
  assert.deepEqual([questionId, answerId, state, first, bound], ["q1", null, "recording", 0, 0])
  assert.deepEqual([isKept, mayBeSent, isElsewhere], [true, false, false])
})

test("what had its numbers has them still", async () => {
  await left("i1", { numbered: ["a1", 5] })

  const { leftover } = (await opened()).kept

  assert.deepEqual([leftover.answerId, leftover.first, leftover.bound], ["a1", 5, 3])
  assert.deepEqual(leftover.chunks.map(saidIn), [1, 2, 3])
})

test("what was acknowledged is gone with the next chunk, and the rest begins where it ended", async () => {
  const page = await opened()
  const take = page.kept.begin("q1")
  for (const sample of [1, 2, 3]) take.add(pcm(sample))
  await take.number("a1", 10)
  take.drop(12)
  take.drop(11)
  take.add(pcm(4))
  await stored()
  page.close()

  const { leftover } = (await opened()).kept

  assert.deepEqual(leftover.chunks.map(saidIn), [3, 4])
  assert.deepEqual([leftover.first, leftover.bound], [12, 2])
})

test("a take without audio is left as one that is new", async () => {
  const page = await opened()
  await page.kept.begin("q1").number("a1", 7)
  page.close()

  const { leftover } = (await opened()).kept

  assert.deepEqual([leftover.chunks, leftover.first, leftover.bound], [[], 0, 0])
})

test("what the next page records follows on what was left", async () => {
  await left("i1", { numbered: ["a1", 0] })

  const second = await opened()
  second.kept.leftover.add(pcm(4))
  second.kept.leftover.mark("finished")
  second.kept.leftover.mark("finished")
  await stored()
  second.close()

  const { leftover } = (await opened()).kept
  assert.deepEqual(leftover.chunks.map(saidIn), [1, 2, 3, 4])
  assert.equal(leftover.state, "finished")
})

test("what was taken over is left to nobody else as long as its tab lives", async () => {
  await left()
  const second = await opened()

  const third = await opened()

  assert.deepEqual([third.kept.leftover, third.kept.isElsewhere], [null, true])
  assert.deepEqual(second.told, [])
  assert.deepEqual((await stored()).said, [1, 2, 3])
})

test("a page that is loaded again waits a moment for the one before it to be gone", async () => {
  const first = await opened()
  first.kept.begin("q1").add(pcm(1))
  await stored()

  const second = opened()
  setTimeout(first.close, 50)

  const { leftover, isElsewhere } = (await second).kept
  assert.deepEqual([leftover.chunks.map(saidIn), isElsewhere], [[1], false])
})

test("of two takes whose tabs are gone the newer is left, and the older forgotten", async (t) => {
  const now = t.mock.method(Date, "now", () => 1000).mock
  await left("i1", { question: "q1" })
  now.mockImplementation(() => 2000)
  await left("i1", { question: "q2" })

  const { leftover } = (await opened()).kept

  assert.equal(leftover.questionId, "q2")
  const { takes, said } = await stored()
  assert.deepEqual(
    takes.map(({ question }) => question),
    ["q2"]
  )
  assert.deepEqual(said, [1, 2, 3])
})

test("what is another interview's is left alone for a day, then forgotten, unless its tab lives", async (t) => {
  const now = t.mock.method(Date, "now", () => 1000).mock
  await left("i1")
  const living = await opened("i2")
  living.kept.begin("q1").add(pcm(9))

  const soon = await opened("i3")
  const before = await stored()
  now.mockImplementation(() => 1000 + DAY_MS)
  const late = await opened("i3")

  assert.deepEqual([soon.kept.leftover, soon.kept.isElsewhere], [null, false])
  assert.deepEqual(before.said.sort(), [1, 2, 3, 9])
  assert.deepEqual([late.kept.leftover, late.kept.isElsewhere], [null, false])
  assert.deepEqual((await stored()).said, [9])
})

test("whoever's answer was given to another tab is told so, once, and changes nothing any more", async () => {
  const first = await opened()
  const theirs = first.kept.begin("q1")
  theirs.add(pcm(1))
  await stored()
  const second = await opened()
  await second.kept.begin("q1").number("a1", 0)

  theirs.add(pcm(2))
  theirs.add(pcm(3))
  await stored()

  assert.deepEqual([first.told, second.told], [["lost"], ["changed"]])
  const { takes, said } = await stored()
  assert.deepEqual(
    takes.map(({ answer }) => answer),
    ["a1"]
  )
  assert.deepEqual(said, [])
})

test("a page that waited while another tab went on can take the answer back", async () => {
  await left("i1", { numbered: ["a1", 0] })
  const waiting = await opened()
  const other = await opened()
  const theirs = other.kept.begin("q1")
  await theirs.number("a1", 3)
  theirs.add(pcm(4))
  await stored()

  waiting.kept.leftover.goOn()
  waiting.kept.leftover.add(pcm(5))
  const before = await stored()
  await waiting.kept.leftover.number("a1", 2)
  theirs.add(pcm(6))
  const after = await stored()

  // Nothing of either is lost before the server has said whose answer it is.
  assert.deepEqual(before.said.sort(), [1, 2, 3, 4, 5])
  assert.deepEqual(after.said, [1, 2, 3, 5])
  assert.deepEqual([waiting.told, other.told], [["changed"], ["changed", "lost"]])
})

test("what is discarded is gone, and so is what comes after that", async () => {
  const { kept, told } = await opened()
  const take = kept.begin("q1")
  take.add(pcm(1))

  take.discard()
  take.discard()
  take.add(pcm(2))

  assert.deepEqual(await stored(), { takes: [], said: [] })
  assert.deepEqual(told, [])
})

test("an interview that is over leaves nothing of its own, and what is another's", async () => {
  await left("i1")
  await left("i2")

  await forgetInterview("i1")
  await forgetInterview("i1")

  assert.equal((await opened("i1")).kept.leftover, null)
  assert.deepEqual((await opened("i2")).kept.leftover.chunks.map(saidIn), [1, 2, 3])
})

test("a browser that keeps nothing records all the same", async (t) => {
  const info = t.mock.method(console, "info", () => {})
  delete globalThis.indexedDB

  const { kept, told } = await opened()

  assert.equal(kept.begin("q1"), NOT_KEPT)
  assert.deepEqual([kept.leftover, kept.isElsewhere, told], [null, false, []])
  assert.equal(info.mock.callCount(), 1)
})

test("where keeping fails on the way all of it goes, and what is recorded is sent all the same", async (t) => {
  const info = t.mock.method(console, "info", () => {})
  const { kept, told } = await opened()
  const take = kept.begin("q1")
  take.add(pcm(1))
  await stored()
  assert.deepEqual([take.isKept, take.mayBeSent], [true, false])

  // Nothing that a database could hold.
  take.add(() => {})
  await stored()
  take.add(pcm(2))

  assert.deepEqual(await stored(), { takes: [], said: [] })
  assert.deepEqual([take.isKept, take.mayBeSent, told], [false, true, ["changed"]])
  assert.equal(info.mock.callCount(), 1)
})
