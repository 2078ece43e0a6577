import { BYTES_PER_MS, CHUNK_MS } from "./pcm_chunker.js"

/*
 * The audio of one answer on its way to the server: numbered, kept until the server says that it
 * is durable, sent again from where the server wants it.
 *
 * Recording may begin before the server has said where the numbers go on, so that numbers are
 * counted from zero until then. Not more than `windowBytes` are under way unacknowledged, and not
 * more than `maxBytes` are kept.
 */
export class AnswerUpload {
  #chunks = []
  #first = 0
  #cursor = 0
  #keptBytes = 0
  #savedMs = 0
  #numbered = false
  #held = false
  #rewoundTo = null
  #finished = false
  #maxBytes
  #windowBytes

  constructor({ maxBytes, windowBytes }) {
    this.#maxBytes = maxBytes
    this.#windowBytes = windowBytes
  }

  // False if there is no room for it; nothing may be added after that, or there would be a hole.
  add(pcm) {
    if (this.#finished || this.#keptBytes + pcm.byteLength > this.#maxBytes) {
      this.#finished = true
      return false
    }
    this.#chunks.push(pcm)
    this.#keptBytes += pcm.byteLength
    return true
  }

  // No more audio comes.
  finish() {
    this.#finished = true
  }

  // The server took the answer up, for the first time or again. False if it wants what isn't kept.
  started(nextIndex) {
    this.#held = false
    this.#rewoundTo = null
    if (!this.#numbered) {
      this.#numbered = true
      this.#first = this.#cursor = nextIndex
      this.#savedMs = nextIndex * CHUNK_MS
      return true
    }
    if (nextIndex < this.#first || nextIndex > this.chunkCount) return false
    this.acked(nextIndex)
    this.#cursor = nextIndex
    return true
  }

  // Everything below `nextIndex` is durable.
  acked(nextIndex) {
    const count = Math.min(nextIndex - this.#first, this.#chunks.length)
    if (count <= 0) return
    for (const pcm of this.#chunks.splice(0, count)) {
      this.#keptBytes -= pcm.byteLength
      this.#savedMs += pcm.byteLength / BYTES_PER_MS
    }
    this.#first += count
    this.#cursor = Math.max(this.#cursor, this.#first)
    this.#held = false
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
    return frames
  }

  get chunkCount() {
    return this.#first + this.#chunks.length
  }

  get isFinished() {
    return this.#finished
  }

  // All of it was sent, though maybe not yet acknowledged.
  get isSent() {
    return this.#finished && this.#numbered && this.#cursor === this.chunkCount
  }

  get isSaved() {
    return this.#chunks.length === 0
  }

  get savedMs() {
    return this.#savedMs
  }

  get recordedMs() {
    return this.#savedMs + this.#keptBytes / BYTES_PER_MS
  }

  #keeps(index) {
    return index >= this.#first && index <= this.chunkCount
  }

  #maySend() {
    if (!this.#numbered || this.#held || this.#cursor >= this.chunkCount) return false
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
