import { OUTPUT_RATE } from "../models/resampler.js"

// Plays chunks of 16 kHz PCM from memory.
export class PcmPlayer {
  #context = null
  #ended = null

  // `ended` is called when it has come to the end or was stopped.
  async play(chunks, ended) {
    this.stop()
    this.#ended = ended
    const context = new AudioContext()
    this.#context = context
    const source = context.createBufferSource()
    source.buffer = bufferOf(context, chunks)
    source.connect(context.destination)
    source.onended = () => context === this.#context && this.stop()
    await context.resume()
    source.start()
  }

  stop() {
    if (!this.#context) return
    this.#context.close()
    this.#context = null
    this.#ended()
  }
}

function bufferOf(context, chunks) {
  const samples = chunks.flatMap((pcm) => [...new Int16Array(pcm)])
  const buffer = context.createBuffer(1, Math.max(1, samples.length), OUTPUT_RATE)
  buffer.getChannelData(0).set(samples.map((sample) => sample / 32768))
  return buffer
}
