import { duration, spokenDuration } from "../models/duration.js"
import { phrase } from "./phrases.js"

// The candidate's page as the session stands: `data-show` names the steps at which a part is there.
export class SessionView {
  starting = false
  prefersWriting = false
  #root
  #session
  #step = null
  #questionId = null

  constructor(root, session) {
    this.#root = root
    this.#session = session
  }

  render(microphoneIsOpen) {
    const { step } = this.#session
    this.#showParts(step)
    this.#showQuestion()
    this.#showControls(microphoneIsOpen)
    this.#showStatus()
    this.#root.querySelector("live-transcript").show(this.#session.transcript.finals, this.#session.transcript.interim)
    this.#moveFocus(step)
  }

  showLevel(meter) {
    this.#root.querySelector("[data-part=recording] level-bar").show(meter.level)
    this.#part("silence").hidden = !meter.isSilent
  }

  #showParts(step) {
    for (const part of this.#root.querySelectorAll("[data-show]")) {
      part.hidden = this.#session.isOver || !part.dataset.show.split(" ").includes(step)
    }
  }

  #showQuestion() {
    const { question } = this.#session
    if (!question || question.question_id === this.#questionId) return
    this.#questionId = question.question_id
    this.#part("position").textContent = phrase("question.position", question)
    this.#part("question").textContent = question.text
    this.#part("think").textContent = phrase("question.time", {
      think: spokenDuration(question.think_seconds, document.documentElement.lang),
      answer: spokenDuration(question.answer_seconds, document.documentElement.lang)
    })
    this.#root.querySelector("form").reset()
    this.#root.querySelector("details").open = this.prefersWriting
  }

  #showControls(microphoneIsOpen) {
    const { upload, limits, microphoneLost, question, problem } = this.#session
    this.#action("begin").hidden = !microphoneIsOpen
    this.#action("record").disabled = this.starting
    this.#action("record").textContent = phrase(this.starting ? "record.starting" : "record.start")
    this.#part("elapsed").textContent = duration(upload?.recordedMs ?? 0)
    this.#part("planned").textContent = question ? duration(question.answer_seconds * 1000) : ""
    this.#part("lost").hidden = !microphoneLost
    // What the server complains of is put right by a new connection, if by anything.
    this.#action("reconnect").hidden = !problem?.message
    if (limits.text_answer_max_chars) this.#root.querySelector("textarea").maxLength = limits.text_answer_max_chars
  }

  #showStatus() {
    const { step, problem, previous } = this.#session
    this.#part("over").hidden = !this.#session.isOver
    this.#say("connection", step === "check" ? "" : phrase(`connection.${this.#connection()}`))
    this.#part("connection").dataset.state = this.#connection()
    this.#say("saving", this.#saving())
    this.#say("recognition", this.#session.isRecordedOnly ? phrase("recognition.recorded_only") : "")
    this.#say("problem", problem ? this.#problemText(problem) : "")
    this.#say("previous", previous ? phrase(`previous.${previous.status}`) ?? "" : "")
  }

  #connection() {
    const { connection } = this.#session
    return connection === "reconnecting" && !navigator.onLine ? "offline" : connection
  }

  #saving() {
    const { step, upload } = this.#session
    if (step === "writing") return phrase("saving.written")
    if (!upload || !["recording", "finishing"].includes(step)) return ""
    if (step === "finishing" && upload.isSaved) return phrase("saving.all")
    return phrase("saving.up_to", { time: duration(upload.savedMs), total: duration(upload.recordedMs) })
  }

  #problemText({ code, message }) {
    return phrase(`problem.${code}`) ?? phrase(`microphone.${code}`) ?? message
  }

  // Live regions speak when they are written to, so that they are written to only for news.
  #say(name, text) {
    const part = this.#part(name)
    if (part.textContent !== text) part.textContent = text
    part.hidden = !text
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

  #part(name) {
    return this.#root.querySelector(`[data-part=${name}]`)
  }

  #action(name) {
    return this.#root.querySelector(`[data-action=${name}]`)
  }
}
