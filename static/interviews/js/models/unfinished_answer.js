import { BYTES_PER_MS, CHUNK_MS } from "./pcm_chunker.js"

/*
 * What there is of an answer that this page did not begin: what an earlier page of this browser left
 * (`leftover`, a kept take), and what the server says is under way.
 */
export class UnfinishedAnswer {
  // What the server said when it was connected last.
  underWay = null
  #leftover = null
  #isElsewhere = false

  found({ leftover, isElsewhere }) {
    this.#leftover = leftover
    this.#isElsewhere = isElsewhere
  }

  // Drops what was left of an answer that is over, and says how much of it was lost with it. Where
  // its end was told to the server, all of it had been sent.
  dismissUnless(questionId, takes = null) {
    if (!this.#leftover || (this.#fits(questionId) && !takes?.has(this.#leftover.answerId))) return 0
    const lostMs = this.#leftover.state === "ended" ? 0 : this.#keptMs(0)
    this.takeLeftover().discard()
    return lostMs
  }

  // What the person is told before they decide; null if there is nothing to go on with.
  offer(questionId) {
    const saved = this.savedChunks(questionId)
    const keptMs = this.#keptMs(saved)
    if (saved === 0 && keptMs === 0) return null
    return { savedMs: saved * CHUNK_MS, keptMs, isElsewhere: this.#isElsewhere }
  }

  // The person had stopped already when the page went away.
  get isStopped() {
    return this.#leftover !== null && this.#leftover.state !== "recording"
  }

  takeLeftover() {
    const leftover = this.#leftover
    this.#leftover = null
    return leftover
  }

  savedChunks(questionId) {
    return this.underWay?.question_id === questionId ? this.underWay.next_chunk_index : 0
  }

  // An answer whose end was asked for may be finishing: then none is under way any more.
  #fits(questionId) {
    const { answerId, state } = this.#leftover
    if (this.#leftover.questionId !== questionId) return false
    if (answerId === null || (!this.underWay && state !== "recording")) return true
    return answerId === this.underWay?.answer_id
  }

  #keptMs(fromIndex) {
    if (!this.#leftover) return 0
    const { chunks, first, bound } = this.#leftover
    const saved = bound > 0 ? Math.max(0, fromIndex - first) : 0
    return chunks.slice(saved).reduce((sum, pcm) => sum + pcm.byteLength / BYTES_PER_MS, 0)
  }
}
