/*
 * Runs on the audio thread: the microphone's own rate → chunks of 16 kHz PCM. Imports in worklets
 * need Chromium 80, Firefox 114 or Safari 15.
 */
import { PcmChunker } from "../models/pcm_chunker.js"
import { Resampler } from "../models/resampler.js"

class CaptureProcessor extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate)
  #chunker = new PcmChunker()
  #stopped = false

  constructor() {
    super()
    this.port.onmessage = () => this.#stop()
  }

  process([channels]) {
    if (this.#stopped) return false
    if (channels.length) this.#post(this.#chunker.push(this.#resampler.push(mono(channels))))
    return true
  }

  #stop() {
    if (this.#stopped) return
    this.#stopped = true
    this.#post(this.#chunker.push(this.#resampler.flush()))
    this.#post(this.#chunker.flush())
    this.port.postMessage(null)
  }

  #post(chunks) {
    for (const chunk of chunks) this.port.postMessage(chunk, [chunk])
  }
}

function mono(channels) {
  if (channels.length === 1) return channels[0]
  return channels[0].map(
    (_, index) => channels.reduce((sum, channel) => sum + channel[index], 0) / channels.length
  )
}

registerProcessor("capture", CaptureProcessor)
