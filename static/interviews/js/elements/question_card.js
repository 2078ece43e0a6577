import { liveSound, recentWords, wholeSound, wordsOf } from "../models/answer_plot.js"
import { duration } from "../models/duration.js"
import { isMeasured } from "../models/measures.js"
import { metricText } from "../models/metrics.js"
import { fetchSound } from "../net/answer_sound.js"
import { part, show } from "./parts.js"
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
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) part(this, "sound").open = false
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
    show(this, "position", phrase("question.position", question))
    show(this, "question", question.text)
    show(this, "state", phrase(`answer.${state}`))
    part(this, "state").dataset.status = state
    show(this, "duration", this.#answer?.duration_ms ? duration(this.#answer.duration_ms) : "")
    show(this, "written", this.#answer?.kind === "text" ? this.#answer.text : "")
    show(this, "note-text", this.#answer?.candidate_note ?? "")
    part(this, "note").hidden = !this.#answer?.candidate_note
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
    part(this, "metrics").hidden = !metrics
    if (!metrics) return
    show(this, "window", phrase(metrics.real_time ? "metrics.live" : "metrics.answer"))
    part(this, "measured").hidden = !isMeasured(metrics)
    part(this, "unmeasured").hidden = isMeasured(metrics)
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
    part(this, "sound").hidden = !metrics.trace
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
    show(this, "recognition", isLive ? "" : phrase(`recognition.${recognition.state}`))
  }

  // Snapshots leave out the drawing and how sure words are: fetched once somebody looks.
  async #fetchSound() {
    const isTooSoon = performance.now() - this.#fetchedAt < FETCH_AGAIN_MS
    if (
      !this.#isSeen ||
      isTooSoon ||
      !this.#question ||
      !this.#interview.lacksSound(this.#question.question_id)
    )
      return
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
}

customElements.define("question-card", QuestionCard)
