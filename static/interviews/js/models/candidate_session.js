import { AnswerNote } from "./answer_note.js"
import { AnswerTranscript } from "./answer_transcript.js"
import { AnswerUpload } from "./answer_upload.js"
import { NOT_KEPT } from "./not_kept.js"
import { CHUNK_MS } from "./pcm_chunker.js"
import { QuestionTakes } from "./question_takes.js"
import { FINAL_CLOSES, GONE_ON, RECORD_AGAIN, RESEND, RESTARTING, SAID_ELSEWHERE } from "./session_codes.js"
import { UnfinishedAnswer } from "./unfinished_answer.js"

/*
 * The candidate's side of an interview: where it stands, and what is to be said to the server.
 *
 *     check → question → recording → finishing → question … → complete
 *                      → writing (sent, not confirmed) →
 *                        finishing → choosing → recording …, sending (the choice) → question …
 *           → recovery (an answer is under way that this page did not begin) → recording, finishing
 *
 * It knows no socket, no microphone, no storage and no page. Whoever drives it hands it what happened
 * and then sends what `takeOutgoing` gives. `keep` gives each new take a place to be kept in.
 */

const FORMAT = { encoding: "pcm_s16le", sample_rate: 16000, channels: 1 }
// Half an hour of audio that could not be sent yet.
const MAX_KEPT_BYTES = 30 * 60 * 32000
const DEFAULT_BACKLOG_BYTES = 1024 * 1024

export class CandidateSession {
  step = "check"
  connection = "connecting"
  question = null
  takes = new QuestionTakes()
  transcript = new AnswerTranscript()
  upload = null
  recognition = null
  problem = null
  previous = null
  // What the candidate may add to the transcript of the answer before.
  note = null
  // How many answers were given to how many questions, once all is done.
  completed = null
  // How the answer before sounded: its metrics and words, where they are shared with the candidate.
  sounded = null
  microphoneLost = false
  isPaused = false
  limits = {}
  // What is there of an answer that another page began.
  recovery = null
  // What was recorded here and can't be saved any more, as the interview went on without it.
  lateMs = 0
  #keep
  #unfinished = new UnfinishedAnswer()
  // An answer in writing, or the choice of a take: sent, and not confirmed.
  #unconfirmed = null
  #taken = false
  #endSent = false
  #outgoing = []

  constructor(keep = () => NOT_KEPT) {
    this.#keep = keep
  }

  // What an earlier page of this browser left of a take, if anything, and whether another tab of it
  // is recording.
  found(left) {
    this.#unfinished.found(left)
  }

  // Another tab of this browser has taken the answer over.
  takenOver() {
    this.#supersede()
  }

  // The person

  begin() {
    this.step = "waiting"
    if (this.question) this.#arrive()
  }

  // Or goes on with what is under way.
  startRecording() {
    this.#clearNotices()
    this.microphoneLost = false
    if (!this.upload) this.#beginUpload()
    this.step = "recording"
  }

  // Ends the answer that is under way with what was recorded of it.
  sendRecorded() {
    this.#clearNotices()
    this.#beginUpload()
    this.upload.finish()
    this.step = "finishing"
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
    if (this.upload.chunkCount === 0 && this.#savedChunks === 0) {
      this.step = this.#openStep
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
    this.step = "writing"
    this.#sendUntilConfirmed("text_answer", { answer_text: text })
  }

  // Of several takes this one counts.
  chooseTake(answerId) {
    this.step = "sending"
    this.note = this.#noteFor({ ...this.takes.find(answerId), question_id: this.question.question_id })
    this.#sendUntilConfirmed("choose_take", { answer_id: answerId })
  }

  // The microphone is closed. What is not saved is still sent; nothing new begins on this page.
  pause() {
    this.isPaused = true
  }

  // The connection

  connected() {
    this.connection = "connected"
    this.#outgoing = []
    this.note?.connected()
  }

  // Whether it is worth connecting again.
  disconnected(closeCode) {
    this.#taken = false
    if (FINAL_CLOSES.get(closeCode) === "replaced") this.#supersede()
    this.connection =
      FINAL_CLOSES.get(closeCode) ?? (closeCode === RESTARTING ? "restarting" : "reconnecting")
    if (this.isDone) this.connection = "connected"
    return (!this.isDone || this.isNoting) && !FINAL_CLOSES.has(closeCode)
  }

  receive(message) {
    switch (message.type) {
      case "session_ready":
        return this.#sessionReady(message)
      case "question":
        return this.#questionAsked(message)
      case "answer_started":
        return this.#answerStarted(message)
      case "ack":
        return this.#isCurrent(message) && this.upload?.acked(message.next_chunk_index)
      case "transcription":
        return this.#isCurrent(message) && this.transcript.apply(message)
      case "voice_metrics":
        return this.#measured(message)
      case "state":
        if (this.#isCurrent(message)) this.recognition = message
        return
      case "answer_complete":
        return this.#answerComplete(message)
      case "answer_noted":
        return this.note?.noted(message)
      case "interview_complete":
        return this.#interviewComplete(message)
      case "error":
        return this.#failed(message)
    }
  }

  // What to send now, in this order: objects as JSON, buffers as they are.
  takeOutgoing() {
    const outgoing = this.#outgoing.splice(0)
    if (this.connection === "connected") outgoing.push(...(this.note?.takeOutgoing() ?? []))
    if (this.#taken && this.upload) {
      outgoing.push(...this.upload.takeFrames())
      if (this.upload.isSent && !this.#endSent) {
        this.#endSent = true
        this.upload.end()
        outgoing.push(this.#message("end_answer", { chunk_count: this.upload.chunkCount }))
      }
    }
    return outgoing
  }

  // Whether leaving now would interrupt or lose something.
  get hasUnsaved() {
    if (this.isEnded) return false
    const isRecording = this.step === "recording" && !this.isPaused
    return (
      isRecording ||
      this.isNoting ||
      Boolean(this.#unconfirmed) ||
      Boolean(this.upload && !this.upload.isSaved)
    )
  }

  // How the recording gets to the server: "live"; "behind", as the network is slow; "away", without one.
  get delivery() {
    if (!this.upload || (this.upload.isSaved && this.step !== "recording")) return "live"
    if (this.connection !== "connected") return "away"
    return this.upload.isBehind ? "behind" : "live"
  }

  get isDone() {
    return this.step === "complete"
  }

  get isNoting() {
    return this.note?.state === "sending"
  }

  // Nothing more can come of this page: it has to be opened anew, if at all.
  get isOver() {
    return this.isEnded || this.isPaused
  }

  // And it was not the person who ended it.
  get isEnded() {
    return this.connection === "refused" || this.connection === "replaced"
  }

  get maxRecordingMs() {
    return (this.limits.answer_max_seconds ?? Infinity) * 1000
  }

  get isRecordedOnly() {
    return this.recognition?.state === "recorded_only"
  }

  get #savedChunks() {
    return this.#unfinished.savedChunks(this.question.question_id)
  }

  get #windowBytes() {
    return (this.limits.backlog_bytes ?? DEFAULT_BACKLOG_BYTES) / 2
  }

  #sessionReady({ limits, under_way = null }) {
    this.limits = limits
    this.#unfinished.underWay = under_way
  }

  get #openStep() {
    return this.takes.areThere ? "choosing" : "question"
  }

  #questionAsked(question) {
    this.takes = new QuestionTakes(question)
    if (question.question_id === this.question?.question_id) return this.#goOn()
    this.#letGo()
    this.question = question
    this.recognition = this.#unconfirmed = null
    this.#taken = this.microphoneLost = false
    this.transcript = new AnswerTranscript()
    if (this.step !== "check") this.#arrive()
  }

  // The connection is a new one: take up again what was under way. Or a take of several has ended.
  #goOn() {
    const { underWay } = this.#unfinished
    if (this.upload && this.takes.has(this.upload.answerId)) this.#letGo()
    if (this.#unconfirmed) this.#outgoing.push(this.#unconfirmed)
    else if (this.upload?.isOvertaken(underWay?.next_chunk_index, underWay?.answer_id)) this.#supersede()
    else if (this.upload) this.#startAnswer()
    else if (this.step !== "check") this.#arrive()
  }

  // At a question that this page is not answering. Somebody may have begun to: an earlier page, another
  // tab, another device.
  #arrive() {
    const id = this.question.question_id
    this.lateMs ||= this.#unfinished.dismissUnless(id, this.takes)
    this.recovery = this.#unfinished.offer(id)
    if (this.#unfinished.isStopped) this.sendRecorded()
    else this.step = this.recovery ? "recovery" : this.#openStep
  }

  #beginUpload() {
    const leftover = this.#unfinished.takeLeftover()
    leftover?.goOn()
    this.upload = new AnswerUpload({
      maxBytes: MAX_KEPT_BYTES,
      windowBytes: this.#windowBytes,
      keeping: leftover ?? this.#keep(this.question.question_id),
      savedMs: this.#savedChunks * CHUNK_MS
    })
    this.recovery = null
    this.transcript = new AnswerTranscript()
    this.#startAnswer()
  }

  // The answer is over, with what the server has of it.
  #letGo() {
    if (this.upload && !this.upload.isEnded) this.lateMs = this.upload.unsavedMs
    this.#dropUpload()
  }

  #dropUpload() {
    this.upload?.discard()
    this.upload = null
    this.#taken = false
  }

  // Another connection goes on with the answer. Its audio and ours don't fit together, so that what
  // was not sent is lost; nothing is done about it, or the two would take it from each other in turn.
  #supersede() {
    this.lateMs = this.upload?.unsavedMs ?? 0
    this.#dropUpload()
    this.#unconfirmed = null
    this.step = "question"
    this.connection = "replaced"
  }

  #answerStarted(message) {
    if (!this.#isCurrent(message) || !this.upload) return
    if (this.upload.isOvertaken(message.next_chunk_index, message.answer_id)) return this.#supersede()
    this.transcript = new AnswerTranscript(message.segments)
    this.#taken = this.upload.started(message.next_chunk_index, message.answer_id)
    this.#endSent = false
    if (!this.#taken) this.#giveUpTake()
  }

  #answerComplete(message) {
    if (!this.#isCurrent(message)) return
    this.transcript.close()
    if (message.status === "failed") {
      this.#recordAgain(this.problem?.code ?? "AUDIO_DECODING_FAILED")
    } else {
      this.previous = message
      this.note = message.kind === "voice" ? this.#noteFor(message) : null
      this.#unconfirmed = this.#unfinished.underWay = null
      this.#letGo()
    }
  }

  #noteFor(answer) {
    return answer.text ? new AnswerNote(answer) : null
  }

  // While somebody speaks, they are shown nothing of it.
  #measured(metrics) {
    if (!this.#isCurrent(metrics) || metrics.real_time) return
    this.sounded = { metrics, segments: this.transcript.finals }
  }

  #interviewComplete({ answered, total_questions }) {
    this.step = "complete"
    this.completed = { answered, total: total_questions }
    this.#forget()
    this.#unconfirmed = this.problem = null
  }

  // The interview is over: nothing of it stays here.
  #forget() {
    this.#letGo()
    this.lateMs ||= this.#unfinished.dismissUnless(null)
  }

  #failed(error) {
    if (this.note?.failed(error)) return
    if (RESEND.has(error.code) && this.upload) return this.#sendAgain(error)
    if (GONE_ON.has(error.code)) return this.#askWhereItStands(error.code)
    if (error.code === "TAKE_UNDER_WAY") return this.#supersede()
    // Two messages crossed on the way; what follows puts it right.
    if (error.code === "INVALID_STATE" && this.step === "finishing") return
    if (SAID_ELSEWHERE.has(error.code)) return
    if (error.code === "AUDIO_TOO_LONG") this.upload?.cutAt(error.next_chunk_index)
    if (RECORD_AGAIN.has(error.code)) return this.#recordAgain(error.code)
    if (error.code === "CHUNK_CONFLICT")
      return this.upload?.isProving ? this.#supersede() : this.#giveUpTake()
    if (error.code === "INTERVIEW_ALREADY_COMPLETED") this.#forget()
    if (this.#unconfirmed) this.#takeBack()
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
    this.#dropUpload()
    this.#unfinished.underWay = null
    this.step = this.#openStep
  }

  // The server has other audio for this answer than this page, so that neither can go on.
  #giveUpTake() {
    const code = "CHUNK_CONFLICT"
    this.#recordAgain(code)
    this.#outgoing.push({ type: "request_retry", failed_message_type: "audio_chunk", error_code: code })
  }

  // The answer was closed meanwhile, and this page has not heard of what follows.
  #askWhereItStands(code) {
    this.#letGo()
    this.#unconfirmed = null
    this.step = "waiting"
    this.#outgoing.push({ type: "request_retry", failed_message_type: "start_answer", error_code: code })
  }

  #clearNotices() {
    this.problem = this.previous = this.sounded = null
    this.lateMs = 0
  }

  #takeBack() {
    this.#unconfirmed = null
    this.step = this.#openStep
  }

  // A take of its own is meant unless this page, or an earlier one, has begun it.
  #startAnswer() {
    this.#taken = this.#endSent = false
    const new_take = this.upload.answerId === null && this.#savedChunks === 0
    this.#outgoing.push(this.#message("start_answer", { format: FORMAT, new_take }))
  }

  #sendUntilConfirmed(type, fields) {
    this.#clearNotices()
    this.#dropUpload()
    this.#unconfirmed = this.#message(type, fields)
    this.#outgoing.push(this.#unconfirmed)
  }

  #message(type, fields) {
    return { type, question_id: this.question.question_id, ...fields }
  }

  #isCurrent(message) {
    return message.question_id === this.question?.question_id
  }
}
