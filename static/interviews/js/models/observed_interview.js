import { AnswerClock } from "./answer_clock.js"
import { traceEnd } from "./answer_plot.js"
import { isEnded, ObservedAnswers } from "./observed_answers.js"

/*
 * What an observer knows of an interview: a snapshot, and the changes since, each with the revision
 * that it makes. A hole in the revisions, or anything built on one not seen yet, asks for a new
 * snapshot; the database is the truth, the messages only make it faster.
 */

// These come without a change of their own: they carry the revision that they build on.
const RECORDED_ONLY = { state: "recorded_only", recogniser: "" }
const BUILDS_ON = new Set(["heartbeat", "presence"])
// One heartbeat comes each second or two.
const HEARTBEATS_BEFORE_ASKING_AGAIN = 5
// Heartbeats know of the candidate to a few seconds, on a busy machine to some more.
export const AWAY_MS = 8000

export class ObservedInterview {
  revision = null
  interview = null
  questions = []
  interim = null
  watchers = []
  // "late": words come from the database, a sentence at a time.
  interims = "live"
  currentQuestionId = null
  // When anything last came, and the interim, on the clock of `now`.
  heardAt = 0
  interimAt = 0
  #candidate = { silentMs: null, now: 0 }
  #clock = new AnswerClock()
  #answers = new ObservedAnswers()
  #recognition = new Map()
  #liveMetrics = new Map()
  #waiting = false
  #missedHeartbeats = 0

  // "applied", "ignored", or "resync" where a snapshot is to be asked for. `now` is any even clock's.
  receive(message, now = 0) {
    this.heardAt = now
    if (message.type === "snapshot") return this.#restore(message)
    if (message.type === "presence") this.watchers = message.watchers
    if (message.type === "heartbeat") this.#heartbeat(message, now)
    if (this.revision === null) return "ignored"
    if (message.revision > this.revision + (buildsOn(message) ? 0 : 1)) return this.#askAgain(message)
    if (message.revision < this.revision && !buildsOn(message)) return "ignored"
    this.revision = Math.max(this.revision, message.revision)
    this.#apply(message, now)
    return "applied"
  }

  connected(now) {
    this.heardAt = now
  }

  // A new connection: nothing is known to be whole until its snapshot comes.
  disconnected() {
    this.#waiting = false
    this.interim = null
    this.interims = "live"
    this.watchers = []
    this.#candidate = { silentMs: null, now: 0 }
  }

  answer(questionId) {
    return this.#answers.get(questionId)
  }

  get currentAnswer() {
    return this.answer(this.currentQuestionId)
  }

  // An answer's status, "written", or before there is one "asked" or "open".
  answerState(questionId) {
    const answer = this.answer(questionId)
    if (answer) return answer.kind === "text" ? "written" : answer.status
    return this.currentQuestionId === questionId ? "asked" : "open"
  }

  recognition(questionId) {
    return this.answer(questionId)?.failure ? RECORDED_ONLY : (this.#recognition.get(questionId) ?? null)
  }

  // The answer's own once it is over, until then those of the last seconds.
  metrics(questionId) {
    const answer = this.answer(questionId)
    return answer?.voice_metrics ?? this.#liveMetrics.get(answer?.answer_id) ?? null
  }

  get answeredCount() {
    return this.questions.filter(({ question_id }) => isEnded(this.answer(question_id))).length
  }

  // How long nothing has come from the candidate; null where that is not known.
  candidateSilentMs(now) {
    const { silentMs } = this.#candidate
    return silentMs === null ? null : silentMs + now - this.#candidate.now
  }

  // Where the interview stands: its question, and how far into the answer it is.
  place(now) {
    const answer = this.currentAnswer
    const question_id = this.currentQuestionId
    if (answer?.kind !== "voice") return { question_id, answer_id: null, at_ms: null }
    return {
      question_id,
      answer_id: answer.answer_id,
      at_ms: answer.duration_ms ?? this.#reached(answer, now)
    }
  }

  // What snapshots leave out: whether it is to be fetched, and what was fetched.
  lacksSound(questionId) {
    return this.#answers.lacksSound(questionId)
  }

  addSound(sound) {
    this.#answers.addSound(sound)
  }

  #reached(answer, now) {
    const silentMs = this.candidateSilentMs(now) ?? 0
    const reached = this.#clock.at(answer.answer_id, silentMs > AWAY_MS ? now - silentMs : now)
    return reached ?? answer.segments.at(-1)?.end_ms ?? 0
  }

  #restore(snapshot) {
    this.#waiting = false
    this.revision = snapshot.revision
    this.interview = snapshot.interview
    this.questions = snapshot.questions
    this.interim = snapshot.interim
    this.interims = snapshot.interims
    this.watchers = snapshot.watchers
    this.#answers.restore(snapshot.answers)
    this.currentQuestionId = snapshot.interview.current_question_id ?? null
    return "applied"
  }

  #heartbeat({ interims, candidate_silent_ms = null }, now) {
    this.interims = interims
    this.#candidate = { silentMs: candidate_silent_ms, now }
  }

  #askAgain(message) {
    if (!this.#waiting) {
      this.#waiting = true
      this.#missedHeartbeats = 0
      return "resync"
    }
    if (message.type === "heartbeat") this.#missedHeartbeats++
    if (this.#missedHeartbeats < HEARTBEATS_BEFORE_ASKING_AGAIN) return "ignored"
    this.#missedHeartbeats = 0
    return "resync"
  }

  #apply(message, now) {
    switch (message.type) {
      case "answer_started":
        return this.#answerStarted(message, now)
      case "transcription":
        return this.#transcription(message, now)
      case "voice_metrics":
        return this.#voiceMetrics(message, now)
      case "answer_recorded":
        this.#answers.of(message).status = "finishing"
        return
      case "answer_complete":
        return this.#answerComplete(message)
      case "take_chosen":
        this.#answers.of(message).is_chosen = true
        return
      case "answer_noted":
        this.#answers.of(message).candidate_note = message.text
        return
      case "question":
        return this.#questionAsked(message)
      case "interview_complete":
        return this.#interviewComplete()
      case "state":
        return this.#stateChanged(message)
    }
  }

  #answerStarted(message, now) {
    const { question_id, answer_id, next_chunk_index } = message
    this.#answers.started(message)
    if (next_chunk_index === 0) this.#clock.told(answer_id, 0, now)
    if (this.interim?.question_id === question_id) this.interim = null
  }

  #transcription(message, now) {
    if (!message.is_final) return this.#heard(message, now)
    this.#answers.said(message)
    if (this.interim && this.interim.segment <= message.segment) this.interim = null
  }

  #heard(interim, now) {
    if (this.#isOvertaken(interim)) return
    this.interim = interim
    this.interimAt = now
    if (interim.heard_ms) this.#clock.told(interim.answer_id, interim.heard_ms, now)
  }

  // An interim may come after its own final, or after the end of its answer.
  #isOvertaken({ question_id, answer_id, segment }) {
    const answer = this.answer(question_id)
    if (answer?.answer_id !== answer_id) return false
    return isEnded(answer) || answer.segments.at(-1)?.segment >= segment
  }

  #voiceMetrics(message, now) {
    if (!message.real_time) {
      this.#answers.of(message).voice_metrics = message
      return
    }
    this.#liveMetrics.set(message.answer_id, message)
    if (message.trace) this.#clock.told(message.answer_id, traceEnd(message.trace), now)
  }

  #stateChanged(message) {
    this.#recognition.set(message.question_id, message)
    const answer = this.answer(message.question_id)
    if (answer && message.state !== "recorded_only") answer.failure = ""
  }

  #answerComplete(message) {
    this.#answers.ended(message)
    if (this.interim?.question_id === message.question_id) this.interim = null
  }

  #questionAsked({ question_id }) {
    this.currentQuestionId = question_id
    this.interview = { ...this.interview, status: "in_progress" }
  }

  #interviewComplete() {
    this.currentQuestionId = this.interim = null
    this.interview = { ...this.interview, status: "completed" }
  }
}

function buildsOn(message) {
  if (message.type === "transcription") return !message.is_final
  if (message.type === "voice_metrics") return message.real_time
  if (message.type === "state") return message.state !== "recorded_only"
  return BUILDS_ON.has(message.type)
}
