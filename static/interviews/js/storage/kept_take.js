import { change, chunksOf, done } from "./database.js"

/*
 * One take in IndexedDB, as `AnswerUpload` hands it over. Its chunks are numbered from 0 in their
 * order; `first` is the index that the answer has for number 0. Numbers from `bound` on have none
 * yet, and nothing of them was ever sent; null means that all have theirs.
 *
 * If keeping fails, recording goes on without it, and what was kept is deleted: half of it would
 * have a hole. If the take is gone, or another tab's, `handlers.lost` is told and nothing is changed.
 */
export class KeptTake {
  isKept = true
  mayBeSent = false
  #chunks
  #database
  #row
  #handlers
  #next
  #dropBelow = 0
  #isOver = false

  static begun(database, row, handlers) {
    const take = new KeptTake(database, row, [], 0, handlers)
    take.#run(({ takes }) => takes.put(row), { isNew: true })
    return take
  }

  static adopted(database, { row, numbers, pcm }, handlers) {
    const chunks = pcm.map((data, position) => ({ number: numbers[position], data }))
    return new KeptTake(database, row, chunks, numbers.length ? numbers.at(-1) + 1 : 0, handlers)
  }

  constructor(database, row, chunks, next, handlers) {
    this.#database = database
    this.#row = { ...row }
    this.#chunks = chunks
    this.#next = next
    this.#handlers = handlers
  }

  // What an earlier page left

  get questionId() {
    return this.#row.question
  }

  get answerId() {
    return this.#row.answer
  }

  get state() {
    return this.#row.state
  }

  get chunks() {
    return this.#chunks.map(({ data }) => data)
  }

  get first() {
    return this.#row.first + this.#start
  }

  get bound() {
    return this.#row.bound - this.#start
  }

  get #start() {
    return this.#chunks[0]?.number ?? 0
  }

  // What comes from the answer

  // This page goes on with what was left. While it waited to, another tab that went on with the answer may
  // have driven it out; whose audio counts is the server's to say.
  goOn() {
    const row = { ...this.#row }
    const chunks = this.#chunks
    this.#run(
      async (stores) => {
        if (await done(stores.takes.get(row.id))) return
        stores.takes.put(row)
        for (const { number, data } of chunks) stores.chunks.put(data, [row.id, number])
      },
      { isNew: true }
    )
  }

  add(pcm) {
    const number = this.#next++
    const below = this.#dropBelow
    this.#run(({ chunks }) => {
      chunks.put(pcm, [this.#row.id, number])
      if (below) chunks.delete(chunksOf(this.#row.id, below))
    })
  }

  // Every chunk gets its number: what has none yet follows on what the server has.
  async number(answer, nextIndex) {
    const { first, bound } = this.#row
    if (bound === null && answer === this.#row.answer) return
    const isBeyond = bound !== null && nextIndex > first + bound
    if (isBeyond) this.#dropBelow = bound
    Object.assign(this.#row, { answer, bound: null, first: isBeyond ? nextIndex - bound : first })
    const row = { ...this.#row }
    await this.#run(async ({ takes, chunks }) => {
      // There is no such thing as an empty range.
      if (isBeyond && bound > 0) chunks.delete(chunksOf(row.id, bound))
      takes.put(row)
      // The server has given the answer to this tab: nobody else's take of it fits any more.
      for (const other of await done(takes.getAll())) {
        if (other.interview !== row.interview || other.id === row.id) continue
        takes.delete(other.id)
        chunks.delete(chunksOf(other.id))
      }
    })
    this.mayBeSent = true
    this.#handlers.changed()
  }

  // Gone with the next chunk; a page that comes after this one knows from the server what it has.
  drop(belowIndex) {
    this.#dropBelow = Math.max(this.#dropBelow, belowIndex - this.#row.first)
  }

  mark(state) {
    if (this.#row.state === state) return
    this.#row.state = state
    const row = { ...this.#row }
    this.#run(({ takes }) => takes.put(row))
  }

  discard() {
    this.#run(({ takes, chunks }) => this.#erase(takes, chunks))
    this.#isOver = true
  }

  #erase(takes, chunks) {
    takes.delete(this.#row.id)
    chunks.delete(chunksOf(this.#row.id))
  }

  async #run(work, { isNew = false } = {}) {
    if (this.#isOver) return
    try {
      const isOurs = await change(this.#database, async ({ takes, chunks }) => {
        const isOurs = isNew || (await done(takes.get(this.#row.id)))?.tab === this.#row.tab
        if (isOurs) await work({ takes, chunks })
        return isOurs
      })
      if (!isOurs) this.#lose()
    } catch (error) {
      this.#fail(error)
    }
  }

  #lose() {
    if (this.#isOver) return
    this.#isOver = true
    this.#handlers.lost()
  }

  #fail(error) {
    if (this.#isOver) return
    console.info("Audio can't be kept in this browser any more:", error)
    this.discard()
    this.isKept = false
    this.mayBeSent = true
    this.#handlers.changed()
  }
}
