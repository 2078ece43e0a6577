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

export class ObservedInterview {
  revision = null
  interview = null
  questions = []
  interim = null
  watchers = []
  // "late": words come from the database, a sentence at a time.
  interims = "live"
  currentQuestionId = null
  #answers = new Map()
  #recognition = new Map()
  #liveMetrics = new Map()
  #waiting = false
  #missedHeartbeats = 0

  // "applied", "ignored", or "resync" where a snapshot is to be asked for.
  receive(message) {
    if (message.type === "snapshot") return this.#restore(message)
    if (message.type === "presence") this.watchers = message.watchers
    if (message.type === "heartbeat") this.interims = message.interims
    if (this.revision === null) return "ignored"
    if (message.revision > this.revision + (buildsOn(message) ? 0 : 1)) return this.#askAgain(message)
    if (message.revision < this.revision && !buildsOn(message)) return "ignored"
    this.revision = Math.max(this.revision, message.revision)
    this.#apply(message)
    return "applied"
  }

  // A new connection: nothing is known to be whole until its snapshot comes.
  disconnected() {
    this.#waiting = false
    this.interim = null
    this.interims = "live"
    this.watchers = []
  }

  // Of several takes the chosen one, or else the last.
  answer(questionId) {
    const takes = [...this.#answers.values()].filter(({ question_id }) => question_id === questionId)
    return takes.find(({ is_chosen }) => is_chosen) ?? takes.at(-1) ?? null
  }

  recognition(questionId) {
    return this.answer(questionId)?.failure ? RECORDED_ONLY : this.#recognition.get(questionId) ?? null
  }

  // The answer's own once it is over, until then those of the last seconds.
  metrics(questionId) {
    const answer = this.answer(questionId)
    return answer?.voice_metrics ?? this.#liveMetrics.get(answer?.answer_id) ?? null
  }

  get answeredCount() {
    return this.questions.filter(({ question_id }) => isEnded(this.answer(question_id))).length
  }

  #restore(snapshot) {
    this.#waiting = false
    this.revision = snapshot.revision
    this.interview = snapshot.interview
    this.questions = snapshot.questions
    this.interim = snapshot.interim
    this.interims = snapshot.interims
    this.watchers = snapshot.watchers
    this.#answers = new Map(snapshot.answers.map((answer) => [answer.answer_id, this.#completed(answer)]))
    this.currentQuestionId = snapshot.interview.current_question_id ?? null
    return "applied"
  }

  // Snapshots leave out what is drawn: the trace, and words one by one. What is known of them stays.
  #completed(answer) {
    const known = this.#answers.get(answer.answer_id)
    if (!known) return { ...answer }
    const words = new Map(known.segments.map((segment) => [segment.segment, segment.words]))
    const segments = answer.segments.map((segment) => ({ words: words.get(segment.segment), ...segment }))
    const trace = known.voice_metrics?.trace
    const isDrawn = trace && answer.voice_metrics
    return { ...answer, segments, voice_metrics: isDrawn ? { ...answer.voice_metrics, trace } : answer.voice_metrics }
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

  #apply(message) {
    switch (message.type) {
      case "answer_started": return this.#answerStarted(message)
      case "transcription": return this.#transcription(message)
      case "voice_metrics": return this.#voiceMetrics(message)
      case "answer_recorded": return this.#answerOf(message).status = "finishing"
      case "answer_complete": return this.#answerComplete(message)
      case "take_chosen": return this.#answerOf(message).is_chosen = true
      case "answer_noted": return this.#answerOf(message).candidate_note = message.text
      case "question": return this.#questionAsked(message)
      case "interview_complete": return this.#interviewComplete()
      case "state": return this.#stateChanged(message)
    }
  }

  #answerStarted({ question_id, answer_id, take, segments }) {
    this.#answers.set(answer_id, newAnswer({ question_id, answer_id, take, segments: [...segments] }))
    if (this.interim?.question_id === question_id) this.interim = null
  }

  #transcription(message) {
    if (!message.is_final) {
      if (!this.#isOvertaken(message)) this.interim = message
      return
    }
    const answer = this.#answerOf(message)
    const others = answer.segments.filter(({ segment }) => segment !== message.segment)
    answer.segments = [...others, message].sort((a, b) => a.segment - b.segment)
    if (this.interim && this.interim.segment <= message.segment) this.interim = null
  }

  // An interim may come after its own final, or after the end of its answer.
  #isOvertaken({ question_id, answer_id, segment }) {
    const answer = this.answer(question_id)
    if (answer?.answer_id !== answer_id) return false
    return isEnded(answer) || answer.segments.some((final) => final.segment >= segment)
  }

  #voiceMetrics(message) {
    if (message.real_time) this.#liveMetrics.set(message.answer_id, message)
    else this.#answerOf(message).voice_metrics = message
  }

  #stateChanged(message) {
    this.#recognition.set(message.question_id, message)
    const answer = this.answer(message.question_id)
    if (answer && message.state !== "recorded_only") answer.failure = ""
  }

  #answerComplete({ text, confidence, duration_ms, status, kind, ...ids }) {
    const answer = Object.assign(this.#answerOf(ids), { text, confidence, duration_ms, status })
    if (kind) answer.kind = kind
    if (this.interim?.question_id === ids.question_id) this.interim = null
    if (status === "failed") this.#answers.delete(ids.answer_id)
  }

  #questionAsked({ question_id }) {
    this.currentQuestionId = question_id
    this.interview = { ...this.interview, status: "in_progress" }
  }

  #interviewComplete() {
    this.currentQuestionId = this.interim = null
    this.interview = { ...this.interview, status: "completed" }
  }

  #answerOf({ question_id, answer_id }) {
    const answer = this.#answers.get(answer_id) ?? newAnswer({ question_id, answer_id })
    this.#answers.set(answer_id, answer)
    return answer
  }
}

function buildsOn(message) {
  if (message.type === "transcription") return !message.is_final
  if (message.type === "voice_metrics") return message.real_time
  if (message.type === "state") return message.state !== "recorded_only"
  return BUILDS_ON.has(message.type)
}

function newAnswer(fields) {
  return { kind: "voice", status: "recording", text: "", segments: [], voice_metrics: null, ...fields }
}

function isEnded(answer) {
  return answer !== null && (answer.status === "complete" || answer.status === "pending")
}
