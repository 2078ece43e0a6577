import { AnswerTranscript } from "./answer_transcript.js"
import { LevelMeter } from "./level_meter.js"
import { BYTES_PER_MS, CHUNK_MS } from "./pcm_chunker.js"
import { adviceOn, adviceOnLevel } from "./voice_advice.js"

/*
 * A practice before the interview: nothing of it is kept, on the server or here, beyond this object.
 *
 *     ready → recording → finishing → done
 *                                   → failed, with a `problem`
 *
 * It knows no socket, no microphone and no page: who drives it hands it what happened and sends what
 * `takeOutgoing` gives. Who tries again makes a new one.
 */
export class PracticeRound {
  step = "ready"
  problem = null
  transcript = new AnswerTranscript()
  meter = new LevelMeter()
  chunks = []
  #seconds
  #measures = null
  #isTaken = false
  #sent = 0
  #isEndSent = false

  constructor(seconds) {
    this.#seconds = seconds
  }

  start() {
    this.step = "recording"
  }

  // False when the time is over.
  addAudio(pcm) {
    this.chunks.push(pcm)
    this.meter.push(pcm, CHUNK_MS)
    return this.recordedMs < this.#seconds * 1000
  }

  stop() {
    if (this.step === "recording") this.step = "finishing"
  }

  fail(problem) {
    this.problem = problem
    this.step = "failed"
    this.chunks = []
  }

  receive(message) {
    switch (message.type) {
      case "practice_ready":
        this.#isTaken = true
        break
      case "transcription":
        this.transcript.apply(message)
        break
      case "voice_metrics":
        this.#measures = message.measures
        break
      case "error":
        this.fail(message.code)
        break
      case "practice_complete":
        this.transcript.close()
        this.step = "done"
    }
  }

  // The server closes when all is said, or when it has said why it can't go on.
  disconnected() {
    if (this.isUnderWay) this.fail("CONNECTION")
  }

  takeOutgoing() {
    if (!this.#isTaken || !this.isUnderWay) return []
    const outgoing = this.chunks.slice(this.#sent).map((pcm, n) => frame(this.#sent + n, pcm))
    this.#sent = this.chunks.length
    if (this.step === "finishing" && !this.#isEndSent) {
      this.#isEndSent = true
      outgoing.push({ type: "end_practice" })
    }
    return outgoing
  }

  get isUnderWay() {
    return this.step === "recording" || this.step === "finishing"
  }

  get recordedMs() {
    return this.chunks.reduce((bytes, pcm) => bytes + pcm.byteLength, 0) / BYTES_PER_MS
  }

  // Where nothing may be measured, the level bar alone tells.
  get advice() {
    return adviceOn(this.#measures) ?? adviceOnLevel(this.meter)
  }
}

// A big-endian number, then PCM.
function frame(index, pcm) {
  const bytes = new Uint8Array(4 + pcm.byteLength)
  new DataView(bytes.buffer).setUint32(0, index)
  bytes.set(new Uint8Array(pcm), 4)
  return bytes.buffer
}
