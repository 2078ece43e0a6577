import { liveSound, wholeSound, wordsOf } from "../models/answer_plot.js"
import { duration } from "../models/duration.js"
import { isMeasured } from "../models/measures.js"
import { metricText } from "../models/metrics.js"
import { phrase } from "./phrases.js"
import "./answer_plot.js"
import "./live_transcript.js"
import "./measure_list.js"

// One question on the dashboard, with its answer as far as it goes.
class QuestionCard extends HTMLElement {
  connectedCallback() {
    // Who wants things to keep still opens what moves.
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#part("sound").open = false
  }

  show(question, interview) {
    const answer = interview.answer(question.question_id)
    const state = this.#state(question, answer, interview)
    this.dataset.state = state
    this.#write("position", phrase("question.position", question))
    this.#write("question", question.text)
    this.#write("state", phrase(`answer.${state}`))
    this.#part("state").dataset.status = state
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
    this.#write("note-text", answer?.candidate_note ?? "")
    this.#part("note").hidden = !answer?.candidate_note
  }

  // Where they are not shared there are none, and nothing stands in their place.
  #showMetrics(question, answer, interview) {
    const metrics = interview.metrics(question.question_id)
    this.#part("metrics").hidden = !metrics
    if (!metrics) return
    this.#write("window", phrase(metrics.real_time ? "metrics.live" : "metrics.answer"))
    this.#part("measured").hidden = !isMeasured(metrics)
    this.#part("unmeasured").hidden = isMeasured(metrics)
    if (isMeasured(metrics)) this.#showMeasures(metrics, answer)
    else this.#showUnmeasured(metrics)
  }

  #showMeasures(metrics, answer) {
    const list = this.querySelector("measure-list")
    list.show(metrics)
    this.#part("sound").hidden = !metrics.trace
    if (metrics.trace) this.querySelector("answer-plot").show(this.#sound(metrics, answer), list.summary)
  }

  #sound({ trace, real_time }, answer) {
    const words = wordsOf(answer?.segments)
    return real_time ? liveSound(trace, words) : wholeSound(trace, words, answer?.duration_ms)
  }

  #showUnmeasured(metrics) {
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
    const part = this.#part(name)
    if (part.textContent !== text) part.textContent = text
    part.hidden = !text
  }

  #part(name) {
    return this.querySelector(`[data-part=${name}]`)
  }
}

customElements.define("question-card", QuestionCard)
