import { NOT_KEPT } from "./not_kept.js"
import { BYTES_PER_MS, CHUNK_MS } from "./pcm_chunker.js"

// From how much on the network counts as slow, and until when.
const BEHIND_MS = 5000
const UP_TO_DATE_MS = 2000

/*
 * The audio of one answer on its way to the server: numbered, kept until the server says that it
 * is durable, sent again from where the server wants it.
 *
 * Recording may begin before the server has said where the numbers go on. Until then only what an
 * earlier page left has numbers (`bound` chunks), and what is recorded now comes after it. Not more
 * than `windowBytes` are under way unacknowledged, and not more than `maxBytes` are kept.
 *
 * `keeping` is where the audio is kept beyond this page (storage/kept_audio.js). Nothing is sent
 * before its numbers are kept: if the page died in between, the next one would send it twice.
 */
export class AnswerUpload {
  answerId
  // The network is slower than the microphone.
  isBehind = false
  #keeping
  #chunks
  #first
  // Infinite once the server has said where the numbers go on: every chunk has its own.
  #bound
  #cursor = 0
  // Everything below was sent, or is with the server.
  #sent = 0
  #keptBytes = 0
  #savedMs = 0
  #held = false
  #proving = false
  #rewoundTo = null
  #finished = false
  #ended
  #maxBytes
  #windowBytes

  // `savedMs`: what the server has of it, as far as that is known.
  constructor({ maxBytes, windowBytes, keeping = NOT_KEPT, savedMs = 0 }) {
    this.#maxBytes = maxBytes
    this.#windowBytes = windowBytes
    this.#keeping = keeping
    this.#ended = keeping.state === "ended"
    this.answerId = keeping.answerId
    this.#chunks = [...keeping.chunks]
    this.#first = keeping.first
    this.#bound = keeping.bound
    this.#keptBytes = this.#chunks.reduce((sum, pcm) => sum + pcm.byteLength, 0)
    this.#savedMs = this.#bound ? this.#first * CHUNK_MS : savedMs
  }

  // False if there is no room for it; nothing may be added after that, or there would be a hole.
  add(pcm) {
    if (this.#finished || this.#keptBytes + pcm.byteLength > this.#maxBytes) {
      this.#finished = true
      return false
    }
    this.#chunks.push(pcm)
    this.#keptBytes += pcm.byteLength
    this.#measure()
    this.#keeping.add(pcm)
    return true
  }

  // No more audio comes.
  finish() {
    this.#finished = true
    this.#keeping.mark("finished")
  }

  // The server takes nothing from `index` on: the answer is as long as it may be.
  cutAt(index) {
    if (!this.#keeps(index)) return
    for (const pcm of this.#chunks.splice(index - this.#first)) this.#keptBytes -= pcm.byteLength
    this.#cursor = Math.min(this.#cursor, index)
    this.finish()
  }

  // The server has been told that no more comes, after everything was sent.
  end() {
    this.#ended = true
    this.#keeping.mark("ended")
  }

  // The answer is over, or the take is of no use.
  discard() {
    this.#keeping.discard()
  }

  // The server has audio of this answer that this page never sent, or of another take: somebody else's.
  isOvertaken(nextIndex, answerId) {
    if (this.answerId !== null && answerId !== this.answerId) return nextIndex > 0
    return this.#isNumbered && nextIndex > this.#sent
  }

  // The server took the answer up, for the first time or again. False if it wants what isn't kept.
  started(nextIndex, answerId = null) {
    const isOther = this.answerId !== null && answerId !== this.answerId
    if (this.#bound > 0 && (nextIndex < this.#first || (isOther && this.#first > 0))) return false
    this.answerId = answerId
    this.#held = false
    this.#rewoundTo = null
    this.#keeping.number(answerId, nextIndex)
    if (this.#isNumbered) this.#prove(nextIndex)
    else this.#number(nextIndex)
    this.#sent = Math.max(this.#sent, nextIndex)
    return true
  }

  // Everything below `nextIndex` is durable.
  acked(nextIndex) {
    this.#proving = this.#held = false
    const count = Math.min(nextIndex - this.#first, this.#chunks.length)
    if (count <= 0) return
    this.#letGo(count)
    this.#cursor = Math.max(this.#cursor, this.#first)
  }

  // The server misses what came after `nextIndex`. Each frame after a hole is answered with the
  // same complaint, so that only the first one counts.
  resendFrom(nextIndex) {
    if (this.#held || nextIndex === this.#rewoundTo || !this.#keeps(nextIndex)) return
    this.#rewoundTo = nextIndex
    this.#cursor = nextIndex
  }

  // The server had no room: the same, but not before it has acknowledged something.
  holdFrom(nextIndex) {
    if (!this.#keeps(nextIndex)) return
    this.#cursor = Math.min(this.#cursor, nextIndex)
    this.#rewoundTo = null
    this.#held = true
  }

  // The frames that may be sent now: a big-endian chunk index, then PCM.
  takeFrames() {
    const frames = []
    while (this.#maySend()) {
      frames.push(frame(this.#cursor, this.#chunks[this.#cursor - this.#first]))
      this.#cursor++
    }
    this.#sent = Math.max(this.#sent, this.#cursor)
    return frames
  }

  get chunkCount() {
    return this.#first + this.#chunks.length
  }

  get isFinished() {
    return this.#finished
  }

  // The server was told, on this connection or an earlier one, that no more comes.
  get isEnded() {
    return this.#ended
  }

  // All of it was sent, though maybe not yet acknowledged.
  get isSent() {
    return this.#finished && this.#isNumbered && !this.#proving && this.#cursor === this.chunkCount
  }

  get isSaved() {
    return this.#chunks.length === 0
  }

  // Whether the server has yet to say that what it has is ours.
  get isProving() {
    return this.#proving
  }

  // Whether a page that is loaded again finds what was not sent yet.
  get isKept() {
    return this.#keeping.isKept
  }

  get savedMs() {
    return this.#savedMs
  }

  get unsavedMs() {
    return this.#keptBytes / BYTES_PER_MS
  }

  get recordedMs() {
    return this.#savedMs + this.unsavedMs
  }

  #keeps(index) {
    return index >= this.#first && index <= this.chunkCount
  }

  get #isNumbered() {
    return this.#bound === Infinity
  }

  // The chunks that an earlier page left have numbers. If the server has more than those, they are
  // all with it, and what this page recorded follows on what it has.
  #number(nextIndex) {
    const bound = this.#bound
    this.#bound = Infinity
    if (nextIndex <= this.#first + bound) return this.#prove(nextIndex)
    this.#letGo(bound)
    this.#first = this.#cursor = nextIndex
    this.#savedMs = nextIndex * CHUNK_MS
  }

  // The last chunk that the server has is sent again, and nothing else before it was acknowledged:
  // if somebody else had gone on with the answer meanwhile, it would be another one.
  #prove(nextIndex) {
    this.#letGo(Math.max(0, nextIndex - this.#first - 1))
    this.#cursor = this.#first
    this.#proving = nextIndex > this.#first
  }

  #letGo(count) {
    for (const pcm of this.#chunks.splice(0, count)) {
      this.#keptBytes -= pcm.byteLength
      this.#savedMs += pcm.byteLength / BYTES_PER_MS
    }
    this.#first += count
    this.#measure()
    this.#keeping.drop(this.#first)
  }

  #measure() {
    this.isBehind = this.unsavedMs > (this.isBehind ? UP_TO_DATE_MS : BEHIND_MS)
  }

  #maySend() {
    if (!this.#isNumbered || !this.#keeping.mayBeSent) return false
    if (this.#held || this.#cursor >= this.chunkCount) return false
    if (this.#proving) return this.#cursor === this.#first
    return this.#underWayBytes() < this.#windowBytes
  }

  // Chunks are all of one length, save the last.
  #underWayBytes() {
    return (this.#cursor - this.#first) * CHUNK_MS * BYTES_PER_MS
  }
}

function frame(index, pcm) {
  const bytes = new Uint8Array(4 + pcm.byteLength)
  new DataView(bytes.buffer).setUint32(0, index)
  bytes.set(new Uint8Array(pcm), 4)
  return bytes.buffer
}
