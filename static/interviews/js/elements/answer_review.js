import { wholeSound } from "../models/answer_plot.js"
import { isMeasured } from "../models/measures.js"
import { commandOf } from "../models/playback.js"
import { levelPeaks, peaksOf } from "../models/waveform.js"
import { part } from "./parts.js"
import "./answer_player.js"
import "./answer_plot.js"
import "./measure_list.js"
import "./review_transcript.js"
import "./transcript_search.js"

// How far below the window an answer may be when its drawing and words are fetched.
const NEAR = "400px"

// An answer that is over: its sound, its transcript and what was measured, in step with each other.
class AnswerReview extends HTMLElement {
  #near = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.#load(), {
    rootMargin: NEAR
  })

  connectedCallback() {
    // One that has not ended has nothing to be fetched.
    if (this.dataset.sound) this.#near.observe(this)
    for (const [type, listener] of this.#listeners) this.addEventListener(type, listener)
  }

  disconnectedCallback() {
    this.#near.disconnect()
    for (const [type, listener] of this.#listeners) this.removeEventListener(type, listener)
  }

  async #load() {
    this.#near.disconnect()
    const response = await fetch(this.dataset.sound)
    if (!response.ok || response.redirected) return
    const { peaks, trace, metrics, segments, duration_ms: endMs } = await response.json()
    if (!this.isConnected) return
    this.#player?.show({
      peaks: peaks ? peaksOf(peaks) : levelPeaks(trace ?? { level_dbfs: [] }),
      trace,
      endMs
    })
    if (trace && isMeasured(metrics)) this.#showDelivery(trace, metrics, segments, endMs)
    await this.#transcript?.show(segments)
  }

  #showDelivery(trace, metrics, segments, endMs) {
    const place = part(this, "measures")
    place.replaceChildren(document.getElementById("measures").content.cloneNode(true))
    const list = place.querySelector("measure-list")
    list.show(metrics)
    const words = segments.flatMap((segment) => segment.words)
    this.#plot.show(wholeSound(trace, words, endMs), list.summary)
  }

  #moved = ({ detail }) => {
    this.#plot?.mark(detail.ms)
    this.#transcript?.mark(detail)
  }

  #hear = ({ detail: { ms } }) => {
    this.#player?.seek(ms)
    this.#player?.play()
  }

  #clicked = ({ target, clientX }) => {
    const ms = target.closest("answer-plot")?.msAt(clientX) ?? null
    if (ms !== null) this.#player?.seek(ms)
    if (target.closest("[data-do=return]")) this.#transcript.return()
  }

  // Keys mean something only while the focus is in the answer, and not where they have a meaning already.
  #pressed = (event) => {
    const command = commandOf(event)
    if (!command || !this.#player || event.target.closest("input:not([type=range]), textarea, select")) return
    if (event.key === " " && event.target.closest("button, a, summary")) return
    event.preventDefault()
    this.#player.do(command)
  }

  #listeners = [
    ["moved", this.#moved],
    ["seek", ({ detail: { ms, isDragged } }) => this.#player?.seek(ms, isDragged)],
    ["hear", this.#hear],
    ["strayed", ({ detail: { isAway } }) => this.#player?.offerReturn(isAway)],
    ["click", this.#clicked],
    ["keydown", this.#pressed]
  ]

  get #player() {
    return this.querySelector("answer-player")
  }

  get #transcript() {
    return this.querySelector("review-transcript")
  }

  get #plot() {
    return this.querySelector("answer-plot")
  }
}

customElements.define("answer-review", AnswerReview)
