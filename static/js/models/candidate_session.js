import { AnswerTranscript } from "./answer_transcript.js"
import { AnswerUpload } from "./answer_upload.js"

/*
 * The candidate's side of an interview: where it stands, and what is to be said to the server.
 *
 *     check → question → recording → finishing → question … → complete
 *                      → writing (sent, not confirmed) →
 *
 * It knows no socket, no microphone and no page. Whoever drives it hands it what happened and then
 * sends what `takeOutgoing` gives.
 */

const FORMAT = { encoding: "pcm_s16le", sample_rate: 16000, channels: 1 }
// Half an hour of audio that could not be sent yet.
const MAX_KEPT_BYTES = 30 * 60 * 32000
const DEFAULT_BACKLOG_BYTES = 1024 * 1024

const RESEND = new Set(["CHUNK_GAP", "AUDIO_BACKLOG"])
const RECORD_AGAIN = new Set(["AUDIO_TOO_SHORT", "AUDIO_DECODING_FAILED", "AUDIO_FORMAT_UNSUPPORTED"])
// Said as well when a message crossed another on the way; what follows puts it right.
const CROSSED = new Set(["QUESTION_ALREADY_ANSWERED", "INVALID_STATE"])
// What the close code that follows, or the recognition's state, says as well.
const SAID_ELSEWHERE = new Set([
  "SERVER_RESTARTING", "SESSION_REPLACED", "TIMEOUT", "STT_FAILED", "CAPACITY_EXCEEDED", "VOICE_METRICS_UNAVAILABLE"
])
// A close code, or what else ended the connection, that trying again does not mend.
const FINAL_CLOSES = new Map([[4401, "refused"], [4403, "refused"], [4404, "refused"], [4409, "replaced"]])

export class CandidateSession {
  step = "check"
  connection = "connecting"
  question = null
  transcript = new AnswerTranscript()
  upload = null
  recognition = null
  problem = null
  previous = null
  microphoneLost = false
  limits = {}
  #written = null
  #taken = false
  #endSent = false
  #outgoing = []

  // The person

  begin() {
    this.step = this.question ? "question" : "waiting"
  }

  startRecording() {
    this.problem = this.previous = null
    this.microphoneLost = false
    if (!this.upload) {
      this.upload = new AnswerUpload({ maxBytes: MAX_KEPT_BYTES, windowBytes: this.#windowBytes })
      this.transcript = new AnswerTranscript()
      this.#startAnswer()
    }
    this.step = "recording"
  }

  // False if recording has to stop: there is no room for more, or the answer is as long as it may be.
  addAudio(pcm) {
    if (!this.upload.add(pcm)) this.problem ??= { code: "MEMORY_FULL" }
    else if (this.upload.recordedMs >= this.maxRecordingMs) this.problem = { code: "AUDIO_TOO_LONG" }
    else return true
    return false
  }

  stopRecording() {
    this.microphoneLost = false
    if (this.upload.chunkCount === 0) {
      this.step = "question"
      this.problem = { code: "AUDIO_TOO_SHORT" }
    } else {
      this.upload.finish()
      this.step = "finishing"
    }
  }

  loseMicrophone() {
    this.microphoneLost = true
  }

  writeAnswer(text) {
    this.problem = this.previous = null
    this.#written = text
    this.step = "writing"
    this.#sendWritten()
  }

  // The connection

  connected() {
    this.connection = "connected"
    this.#outgoing = []
  }

  // Whether it is worth connecting again.
  disconnected(closeCode) {
    this.#taken = false
    this.connection = FINAL_CLOSES.get(closeCode) ?? (closeCode === 4412 ? "restarting" : "reconnecting")
    if (this.step === "complete") this.connection = "connected"
    return this.step !== "complete" && !FINAL_CLOSES.has(closeCode)
  }

  receive(message) {
    switch (message.type) {
      case "session_ready": return this.#sessionReady(message)
      case "question": return this.#questionAsked(message)
      case "answer_started": return this.#answerStarted(message)
      case "ack": return this.#isCurrent(message) && this.upload?.acked(message.next_chunk_index)
      case "transcription": return this.#isCurrent(message) && this.transcript.apply(message)
      case "state": return this.#isCurrent(message) && (this.recognition = message)
      case "answer_complete": return this.#answerComplete(message)
      case "interview_complete": return this.#interviewComplete()
      case "error": return this.#failed(message)
    }
  }

  // What to send now, in this order: objects as JSON, buffers as they are.
  takeOutgoing() {
    const outgoing = this.#outgoing.splice(0)
    if (this.#taken && this.upload) {
      outgoing.push(...this.upload.takeFrames())
      if (this.upload.isSent && !this.#endSent) {
        this.#endSent = true
        outgoing.push(this.#message("end_answer", { chunk_count: this.upload.chunkCount }))
      }
    }
    return outgoing
  }

  get hasUnsaved() {
    return Boolean(this.#written) || Boolean(this.upload && this.upload.chunkCount > 0)
  }

  // Nothing more can come of this page: it has to be opened anew, if at all.
  get isOver() {
    return this.connection === "refused" || this.connection === "replaced"
  }

  get maxRecordingMs() {
    return (this.limits.answer_max_seconds ?? Infinity) * 1000
  }

  get isRecordedOnly() {
    return this.recognition?.state === "recorded_only"
  }

  get #windowBytes() {
    return (this.limits.backlog_bytes ?? DEFAULT_BACKLOG_BYTES) / 2
  }

  #sessionReady({ limits }) {
    this.limits = limits
  }

  #questionAsked(question) {
    if (question.question_id === this.question?.question_id) {
      // The connection is a new one: take up again what was under way.
      if (this.upload) this.#startAnswer()
      if (this.#written) this.#sendWritten()
      return
    }
    this.question = question
    this.upload = this.recognition = this.#written = null
    this.#taken = this.microphoneLost = false
    this.transcript = new AnswerTranscript()
    if (this.step !== "check") this.step = "question"
  }

  #answerStarted(message) {
    if (!this.#isCurrent(message) || !this.upload) return
    this.transcript = new AnswerTranscript(message.segments)
    this.#taken = this.upload.started(message.next_chunk_index)
    this.#endSent = false
    if (!this.#taken) this.#giveUpTake()
  }

  #answerComplete(message) {
    if (!this.#isCurrent(message)) return
    this.transcript.close()
    this.#taken = false
    if (message.status === "failed") {
      this.#recordAgain(this.problem?.code ?? "AUDIO_DECODING_FAILED")
    } else {
      this.previous = message
      this.upload = this.#written = null
    }
  }

  #interviewComplete() {
    this.step = "complete"
    this.upload = this.#written = this.problem = null
  }

  #failed(error) {
    if (RESEND.has(error.code) && this.upload) return this.#sendAgain(error)
    if (CROSSED.has(error.code) && this.step === "finishing") return
    if (SAID_ELSEWHERE.has(error.code)) return
    if (error.code === "AUDIO_TOO_LONG") this.upload?.finish()
    if (RECORD_AGAIN.has(error.code)) return this.#recordAgain(error.code)
    if (error.code === "CHUNK_CONFLICT") return this.#giveUpTake()
    if (this.step === "writing") this.#writeAgain()
    this.problem = error
  }

  #sendAgain(error) {
    this.#endSent = false
    if (error.code === "AUDIO_BACKLOG") this.upload.holdFrom(error.next_chunk_index)
    else this.upload.resendFrom(error.next_chunk_index)
  }

  // This take can't be used: the question is open again.
  #recordAgain(code) {
    this.problem = { code }
    this.upload = null
    this.#taken = false
    this.step = "question"
  }

  // The server has other audio for this answer than this page, so that neither can go on.
  #giveUpTake() {
    const code = "CHUNK_CONFLICT"
    this.#recordAgain(code)
    this.#outgoing.push({ type: "request_retry", failed_message_type: "audio_chunk", error_code: code })
  }

  #writeAgain() {
    this.#written = null
    this.step = "question"
  }

  #startAnswer() {
    this.#taken = this.#endSent = false
    this.#outgoing.push(this.#message("start_answer", { format: FORMAT }))
  }

  #sendWritten() {
    this.#outgoing.push(this.#message("text_answer", { answer_text: this.#written }))
  }

  #message(type, fields) {
    return { type, question_id: this.question.question_id, ...fields }
  }

  #isCurrent(message) {
    return message.question_id === this.question?.question_id
  }
}
