import { NOT_KEPT } from "../models/not_kept.js"
import { change, chunksOf, done, openDatabase } from "./database.js"
import { KeptTake } from "./kept_take.js"
import { holdName, isHeld } from "./tab_names.js"

// Nobody comes back to an answer after that: the server has closed it long ago.
const KEPT_FOR_MS = 24 * 60 * 60 * 1000

/*
 * Audio that the server has not acknowledged yet, kept in this browser: a page that is loaded again,
 * or opened after the browser was killed, sends it.
 *
 * What is recorded is a take, and a take belongs to one tab, which holds a lock of its name as long
 * as it lives. Takes of living tabs are left alone. One whose tab is gone belongs to the next page
 * that is opened for its interview (`leftover`).
 */
export class KeptAudio {
  leftover = null
  // The interview is being recorded in another tab of this browser.
  isElsewhere = false
  #database
  #tab
  #interview
  #handlers

  /*
   * `handlers`: changed(), when more may be sent, and lost(), when another tab has taken the answer
   * over. Where the browser keeps nothing, takes are NOT_KEPT.
   */
  static async open(interview, handlers) {
    try {
      const tab = await holdName()
      const kept = new KeptAudio(await openDatabase(), tab, interview, handlers)
      await kept.#takeOver()
      return kept
    } catch (error) {
      console.info("Audio can't be kept in this browser:", error)
      return new KeptAudio(null, null, interview, handlers)
    }
  }

  constructor(database, tab, interview, handlers) {
    this.#database = database
    this.#tab = tab
    this.#interview = interview
    this.#handlers = handlers
  }

  begin(question) {
    if (!this.#database) return NOT_KEPT
    const row = {
      id: crypto.randomUUID(),
      tab: this.#tab,
      interview: this.#interview,
      question,
      answer: null,
      first: 0,
      bound: 0,
      state: "recording",
      begunAt: Date.now()
    }
    return KeptTake.begun(this.#database, row, this.#handlers)
  }

  async #takeOver() {
    const rows = await change(this.#database, ({ takes }) => done(takes.getAll()))
    for (const row of rows.sort((a, b) => b.begunAt - a.begunAt)) {
      const isOurs = row.interview === this.#interview
      if (!isOurs && Date.now() - row.begunAt < KEPT_FOR_MS) continue
      if (await isHeld(row.tab, { patient: isOurs })) this.isElsewhere ||= isOurs
      else if (isOurs && !this.leftover) this.leftover = await this.#adopt(row)
      else await this.#forget(row)
    }
  }

  // Null if another tab was faster.
  async #adopt({ id, tab }) {
    const found = await change(this.#database, async ({ takes, chunks }) => {
      const row = await done(takes.get(id))
      if (row?.tab !== tab) return null
      const keys = await done(chunks.getAllKeys(chunksOf(id)))
      const pcm = await done(chunks.getAll(chunksOf(id)))
      const numbers = keys.map(([, number]) => number)
      return { row: adopted(row, this.#tab, numbers, takes), numbers, pcm }
    })
    return found && KeptTake.adopted(this.#database, found, this.#handlers)
  }

  #forget({ id }) {
    return change(this.#database, ({ takes, chunks }) => {
      takes.delete(id)
      chunks.delete(chunksOf(id))
    })
  }
}

// What this tab records after it gets its numbers when the server has said them, as in a new take.
function adopted(row, tab, numbers, takes) {
  row.tab = tab
  if (numbers.length === 0) row.first = row.bound = 0
  row.bound ??= numbers.at(-1) + 1
  takes.put(row)
  return row
}

// An interview is over: whatever is kept of it goes.
export async function forgetInterview(interview) {
  const database = await openDatabase()
  await change(database, async ({ takes, chunks }) => {
    for (const row of await done(takes.getAll())) {
      if (row.interview !== interview) continue
      takes.delete(row.id)
      chunks.delete(chunksOf(row.id))
    }
  })
  database.close()
}
