import { duration, spokenDuration } from "../models/duration.js"
import { isMeasured } from "../models/measures.js"
import { sessionStatus } from "../models/session_status.js"
import { part, show } from "./parts.js"
import { phrase } from "./phrases.js"

// The candidate's page as the session stands: `data-show` names the steps at which a part is there.
export class SessionView {
  starting = false
  prefersWriting = false
  #root
  #session
  #step = null
  #questionId = null
  #sounded = null

  constructor(root, session) {
    this.#root = root
    this.#session = session
  }

  // `startsByItself`: recording may, when the time to think is over.
  render(mayBegin, startsByItself) {
    const { step } = this.#session
    this.#showParts(step)
    this.#showQuestion()
    this.#showCountdown(startsByItself)
    this.#showControls(mayBegin)
    this.#root.querySelector("take-choice").show(this.#session.takes, this.starting)
    this.#showStatus()
    this.#showRecovery()
    this.#showOver()
    this.#showSounded()
    this.#showLastAnswer()
    this.#showDone()
    this.#root
      .querySelector("[data-show~=recording] live-transcript")
      .show(this.#session.transcript.finals, this.#session.transcript.interim)
    this.#moveFocus(step)
  }

  showLevel(meter) {
    this.#root.querySelector("[data-part=recording] level-bar").show(meter.level)
    part(this.#root, "silence").hidden = !meter.isSilent
  }

  #showParts(step) {
    for (const place of this.#root.querySelectorAll("[data-show]")) {
      place.hidden = this.#session.isOver || !place.dataset.show.split(" ").includes(step)
    }
  }

  #showQuestion() {
    const { question } = this.#session
    if (!question || question.question_id === this.#questionId) return
    this.#questionId = question.question_id
    part(this.#root, "position").textContent = phrase("question.position", question)
    part(this.#root, "question").textContent = question.text
    Object.assign(part(this.#root, "progress"), { max: question.total, value: question.index - 1 })
    this.#written.querySelector("form").reset()
    this.#written.open = this.prefersWriting
  }

  // It ends with whatever else the person does: recording, writing, pausing.
  #showCountdown(startsByItself) {
    const { step, question, problem, upload, isOver } = this.#session
    const isWriting = this.#written.open
    const isThinking = step === "question" && !isOver && !this.starting && !problem && !upload && !isWriting
    this.#countdown.show(startsByItself && isThinking ? question : null)
    if (step === "question" && !isOver) show(this.#root, "think", this.#times(question).join(" "))
  }

  #times({ think_seconds, answer_seconds }) {
    const answer = answer_seconds
      ? [phrase("question.answer", { answer: spoken(answer_seconds * 1000) })]
      : []
    if (this.#countdown.isRunning) return answer
    const think = think_seconds ? [phrase("question.think", { think: spoken(think_seconds * 1000) })] : []
    return [...think, phrase("question.by_hand"), ...answer]
  }

  #showControls(mayBegin) {
    const { upload, limits, microphoneLost, question, problem } = this.#session
    this.#action("begin").hidden = !mayBegin
    const record = this.#countdown.isRunning ? "record.now" : "record.start"
    for (const [name, start] of [
      ["record", record],
      ["go-on", "record.go_on"]
    ]) {
      this.#action(name).disabled = this.starting
      this.#action(name).textContent = phrase(this.starting ? "record.starting" : start)
    }
    this.#action("send-recorded").disabled = this.starting
    this.#root.querySelector("answer-time").show(upload?.recordedMs ?? 0, question?.answer_seconds)
    part(this.#root, "lost").hidden = !microphoneLost
    // What the server complains of is put right by a new connection, if by anything.
    this.#action("reconnect").hidden = !problem?.message
    if (limits.text_answer_max_chars)
      this.#root.querySelector("#answer").maxLength = limits.text_answer_max_chars
  }

  #showStatus() {
    const { step, problem, previous } = this.#session
    const { state, headline, detail, note } = sessionStatus(this.#session, navigator.onLine)
    const values = this.#savedValues()
    part(this.#root, "status").hidden = !headline
    part(this.#root, "status-headline").dataset.state = state
    show(this.#root, "status-headline", headline ? phrase(headline) : "")
    show(this.#root, "status-detail", detail ? phrase(detail, values) : "")
    show(this.#root, "status-note", note ? phrase(note, values) : "")
    show(this.#root, "problem", problem ? this.#problemText(problem) : "")
    show(
      this.#root,
      "previous",
      previous ? (phrase(`previous.${step === "choosing" ? "take" : previous.status}`) ?? "") : ""
    )
  }

  #savedValues() {
    const { upload, lateMs } = this.#session
    if (!upload) return { time: spoken(lateMs) }
    return {
      time: duration(upload.savedMs),
      total: duration(upload.recordedMs),
      left: spoken(upload.unsavedMs)
    }
  }

  #showRecovery() {
    const { recovery } = this.#session
    if (!recovery) return
    const { savedMs, keptMs, isElsewhere } = recovery
    const times = { saved: spoken(savedMs), kept: spoken(keptMs) }
    show(this.#root, "recovery-saved", savedMs ? phrase("recovery.saved", times) : "")
    show(this.#root, "recovery-kept", keptMs ? phrase("recovery.kept", times) : "")
    show(this.#root, "recovery-elsewhere", isElsewhere ? phrase("recovery.elsewhere") : "")
  }

  #showOver() {
    const { connection, isOver, isEnded } = this.#session
    const reason = isEnded ? connection : "paused"
    part(this.#root, "over").hidden = !isOver
    for (const place of this.#root.querySelectorAll("[data-over]")) {
      place.hidden = !place.dataset.over.split(" ").includes(reason)
    }
    show(this.#root, "unsaved", this.#late("late.replaced"))
    if (isOver && !isEnded) this.#root.querySelector("session-pause").show(this.#session)
  }

  #showLastAnswer() {
    const { note, step, isOver, limits } = this.#session
    const isShown = !isOver && ["question", "complete"].includes(step)
    this.#root.querySelector("answer-note").show(isShown ? note : null, limits.answer_note_max_chars)
  }

  #showDone() {
    const { completed } = this.#session
    if (completed) part(this.#root, "answers-given").textContent = phrase("done.answers", completed)
  }

  // Closed, until somebody wants to know.
  #showSounded() {
    const { sounded, step, isOver } = this.#session
    const details = part(this.#root, "sounded")
    details.hidden = isOver || !["question", "complete"].includes(step) || !isMeasured(sounded?.metrics)
    if (details.hidden || sounded === this.#sounded) return
    this.#sounded = sounded
    details.open = false
    details.ontoggle = () => details.open && this.#openSounded(details)
  }

  // What draws is fetched by who wants to look.
  async #openSounded(details) {
    const { showSounded } = await import("./answer_sounded.js")
    showSounded(details, this.#sounded)
  }

  #late(name) {
    const { lateMs } = this.#session
    return lateMs ? phrase(name, { time: spoken(lateMs) }) : ""
  }

  // The server's own sentence is for programs, and in English.
  #problemText({ code }) {
    return phrase(`problem.${code}`) ?? phrase(`microphone.${code}`) ?? phrase("problem.other")
  }

  // Whoever can't see that the page has changed is led to its new heading.
  #moveFocus(step) {
    const place = this.#session.isOver ? "over" : `${step} ${this.#questionId}`
    if (this.#step === place) return
    const isFirst = this.#step === null
    this.#step = place
    if (isFirst) return
    this.#root.querySelector(`[data-focus~=${this.#session.isOver ? "over" : step}]`)?.focus()
  }

  get #written() {
    return this.#root.querySelector(".session__written")
  }

  get #countdown() {
    return this.#root.querySelector("think-countdown")
  }

  #action(name) {
    return this.#root.querySelector(`[data-action=${name}]`)
  }
}

function spoken(ms) {
  return spokenDuration(Math.max(1, Math.round(ms / 1000)), document.documentElement.lang)
}
