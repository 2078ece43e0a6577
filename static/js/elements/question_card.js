import { duration } from "../models/duration.js"
import { metricText } from "../models/metrics.js"
import { phrase } from "./phrases.js"
import "./live_transcript.js"

// One question on the dashboard, with its answer as far as it goes.
class QuestionCard extends HTMLElement {
  show(question, interview) {
    const answer = interview.answer(question.question_id)
    const state = this.#state(question, answer, interview)
    this.dataset.state = state
    this.#write("position", phrase("question.position", question))
    this.#write("question", question.text)
    this.#write("state", phrase(`answer.${state}`))
    this.querySelector("[data-part=state]").dataset.status = state
    this.#write("duration", answer?.duration_ms ? duration(answer.duration_ms) : "")
    this.#showTranscript(question, answer, interview)
    this.#showMetrics(question, answer, interview)
    this.#showRecognition(question, interview)
  }

  #state(question, answer, interview) {
    if (answer) return answer.kind === "text" ? "written" : answer.status
    return interview.currentQuestionId === question.question_id ? "asked" : "open"
  }

  #showTranscript(question, answer, interview) {
    const isOpen = interview.interim?.question_id === question.question_id
    this.#write("written", answer?.kind === "text" ? answer.text : "")
    this.querySelector("live-transcript").show(answer?.segments ?? [], isOpen ? interview.interim : null)
  }

  #showMetrics(question, answer, interview) {
    const metrics = interview.metrics(question.question_id)
    // Nothing is shown as not measured while it may still be.
    this.querySelector("[data-part=metrics]").hidden = !metrics && this.dataset.state !== "complete"
    this.#write("window", phrase(metrics?.real_time ? "metrics.live" : "metrics.answer"))
    for (const value of this.querySelectorAll("[data-metric]")) {
      const text = metricText(value.dataset.metric, metrics)
      value.textContent = text ?? phrase("metrics.none")
      value.classList.toggle("metrics__value--none", text === null)
    }
  }

  #showRecognition(question, interview) {
    const recognition = interview.recognition(question.question_id)
    const isLive = !recognition || recognition.state === "live" || this.dataset.state !== "recording"
    this.#write("recognition", isLive ? "" : phrase(`recognition.${recognition.state}`))
  }

  #write(name, text) {
    const part = this.querySelector(`[data-part=${name}]`)
    if (part.textContent !== text) part.textContent = text
    part.hidden = !text
  }
}

customElements.define("question-card", QuestionCard)
