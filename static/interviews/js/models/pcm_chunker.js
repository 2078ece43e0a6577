import { OUTPUT_RATE } from "./resampler.js"

export const CHUNK_MS = 100
export const BYTES_PER_MS = (OUTPUT_RATE * 2) / 1000

// Samples between −1 and 1 → chunks of 100 ms, signed 16 bit, little-endian.
export class PcmChunker {
  #chunk = newChunk()
  #filled = 0

  push(samples) {
    const full = []
    for (const sample of samples) {
      this.#chunk.setInt16(this.#filled, toInt16(sample), true)
      this.#filled += 2
      if (this.#filled === this.#chunk.byteLength) full.push(this.#take())
    }
    return full
  }

  // The last chunk, which may be shorter; none if there is nothing left.
  flush() {
    return this.#filled ? [this.#take()] : []
  }

  #take() {
    const pcm = this.#chunk.buffer.slice(0, this.#filled)
    this.#chunk = newChunk()
    this.#filled = 0
    return pcm
  }
}

function newChunk() {
  return new DataView(new ArrayBuffer(CHUNK_MS * BYTES_PER_MS))
}

function toInt16(sample) {
  return Math.max(-32768, Math.min(32767, Math.round(sample * 32768)))
}
