import { liveSound, recentWords, wholeSound, wordsOf } from "../models/answer_plot.js"
import { duration } from "../models/duration.js"
import { isMeasured } from "../models/measures.js"
import { metricText } from "../models/metrics.js"
import { fetchSound } from "../net/answer_sound.js"
import { phrase } from "./phrases.js"
import "./answer_plot.js"
import "./live_transcript.js"
import "./measure_list.js"

const FETCH_AGAIN_MS = 10000

// One question on the dashboard, with its answer as far as it goes.
class QuestionCard extends HTMLElement {
  #question = null
  #interview = null
  #isSeen = false
  #fetchedAt = -Infinity
  #seen = new IntersectionObserver((entries) => {
    this.#isSeen = entries.at(-1).isIntersecting
    this.#fetchSound()
  })

  connectedCallback() {
    // Who wants things to keep still opens what moves.
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#part("sound").open = false
    this.#seen.observe(this)
  }

  disconnectedCallback() {
    this.#seen.disconnect()
  }

  show(question, interview) {
    this.#question = question
    this.#interview = interview
    const state = interview.answerState(question.question_id)
    this.dataset.state = state
    this.#write("position", phrase("question.position", question))
    this.#write("question", question.text)
    this.#write("state", phrase(`answer.${state}`))
    this.#part("state").dataset.status = state
    this.#write("duration", this.#answer?.duration_ms ? duration(this.#answer.duration_ms) : "")
    this.#write("written", this.#answer?.kind === "text" ? this.#answer.text : "")
    this.#write("note-text", this.#answer?.candidate_note ?? "")
    this.#part("note").hidden = !this.#answer?.candidate_note
    this.showWords()
    this.showMetrics()
    this.#showRecognition()
    this.#fetchSound()
  }

  showWords() {
    const { interim } = this.#interview
    const isOpen = interim?.question_id === this.#question.question_id
    this.querySelector("live-transcript").show(this.#answer?.segments ?? [], isOpen ? interim : null)
  }

  // Where they are not shared there are none, and nothing stands in their place.
  showMetrics() {
    const metrics = this.#interview.metrics(this.#question.question_id)
    this.#part("metrics").hidden = !metrics
    if (!metrics) return
    this.#write("window", phrase(metrics.real_time ? "metrics.live" : "metrics.answer"))
    this.#part("measured").hidden = !isMeasured(metrics)
    this.#part("unmeasured").hidden = isMeasured(metrics)
    if (isMeasured(metrics)) this.#showMeasures(metrics)
    else this.#showUnmeasured(metrics)
  }

  get #answer() {
    return this.#interview.answer(this.#question.question_id)
  }

  // While somebody speaks, the answer so far with its last seconds beside; they are what is drawn.
  #showMeasures(metrics) {
    const list = this.querySelector("measure-list")
    if (metrics.so_far) list.show(metrics.so_far, metrics)
    else list.show(metrics)
    this.#part("sound").hidden = !metrics.trace
    if (metrics.trace) this.querySelector("answer-plot").show(this.#sound(metrics), list.summary)
  }

  #sound({ trace, real_time }) {
    const { segments, duration_ms } = this.#answer ?? {}
    return real_time
      ? liveSound(trace, recentWords(segments, trace.start_ms))
      : wholeSound(trace, wordsOf(segments), duration_ms)
  }

  #showUnmeasured(metrics) {
    for (const value of this.querySelectorAll("[data-metric]")) {
      const text = metricText(value.dataset.metric, metrics)
      value.textContent = text ?? phrase("metrics.none")
      value.classList.toggle("metrics__value--none", text === null)
    }
  }

  #showRecognition() {
    const recognition = this.#interview.recognition(this.#question.question_id)
    const isLive = !recognition || recognition.state === "live" || this.dataset.state !== "recording"
    this.#write("recognition", isLive ? "" : phrase(`recognition.${recognition.state}`))
  }

  // Snapshots leave out the drawing and how sure words are: fetched once somebody looks.
  async #fetchSound() {
    const isTooSoon = performance.now() - this.#fetchedAt < FETCH_AGAIN_MS
    if (!this.#isSeen || isTooSoon || !this.#question || !this.#interview.lacksSound(this.#question.question_id)) return
    this.#fetchedAt = performance.now()
    try {
      this.#interview.addSound(await fetchSound(this.#answer.answer_id))
    } catch {
      // The transcript is whole without it, and the next change asks again.
      return
    }
    this.showWords()
    this.showMetrics()
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
