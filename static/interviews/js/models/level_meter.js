// Below this, nobody speaks: a quiet room is about −60 dBFS, quiet speech about −40.
const SPEECH_DBFS = -50
const CLIPPED = 32700
const FLOOR_DBFS = -70
const SILENCE_MS = 5000

// How loud the microphone is, from chunks of PCM.
export class LevelMeter {
  dbfs = FLOOR_DBFS
  heard = false
  clipped = false
  hasClipped = false
  #quietMs = 0

  push(pcm, durationMs) {
    const samples = new Int16Array(pcm)
    this.dbfs = Math.max(FLOOR_DBFS, loudness(samples))
    this.clipped = samples.some((sample) => Math.abs(sample) >= CLIPPED)
    this.hasClipped ||= this.clipped
    const speaking = this.dbfs > SPEECH_DBFS
    this.heard ||= speaking
    this.#quietMs = speaking ? 0 : this.#quietMs + durationMs
  }

  // From 0 to 1, for a bar.
  get level() {
    return Math.min(1, 1 - this.dbfs / FLOOR_DBFS)
  }

  get isSilent() {
    return this.#quietMs >= SILENCE_MS
  }
}

function loudness(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
  return power > 0 ? 10 * Math.log10(power / 32768 ** 2) : FLOOR_DBFS
}
