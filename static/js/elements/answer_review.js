import { wholeSound } from "../models/answer_plot.js"
import { duration } from "../models/duration.js"
import { indexAt, soughtBy } from "../models/playback.js"
import { phrase } from "./phrases.js"
import "./answer_plot.js"
import "./measure_list.js"

// An answer that is over: its sound, its transcript and what was measured, in step with each other.
class AnswerReview extends HTMLElement {
  #segments = []
  #starts = []

  connectedCallback() {
    this.#segments = [...this.querySelectorAll("[data-start]")]
    this.#starts = this.#segments.map(({ dataset }) => Number(dataset.start))
    this.#showPlot()
    this.#audio?.addEventListener("timeupdate", this.#follow)
    this.#slider?.addEventListener("input", this.#slid)
    this.#slider?.addEventListener("keydown", this.#pressed)
    this.addEventListener("click", this.#clicked)
    this.#describePosition()
  }

  disconnectedCallback() {
    this.#audio?.removeEventListener("timeupdate", this.#follow)
    this.#slider?.removeEventListener("input", this.#slid)
    this.#slider?.removeEventListener("keydown", this.#pressed)
    this.removeEventListener("click", this.#clicked)
  }

  #showPlot() {
    const data = this.querySelector("script[type='application/json']")
    if (!data) return
    const { trace, words, duration_ms } = JSON.parse(data.textContent)
    this.#plot.show(wholeSound(trace, words, duration_ms), this.querySelector("measure-list").summary)
  }

  #follow = () => {
    const ms = this.#audio.currentTime * 1000
    if (this.#slider) this.#slider.value = ms
    // Who listens is not told each second where they are.
    if (this.#audio.paused) this.#describePosition()
    this.#plot?.mark(ms)
    const current = indexAt(this.#starts, ms)
    this.#segments.forEach((segment, index) => segment.toggleAttribute("data-current", index === current))
  }

  #slid = () => {
    this.#seek(Number(this.#slider.value))
  }

  #pressed = (event) => {
    const ms = soughtBy(event.key, Number(this.#slider.value), Number(this.#slider.max))
    if (ms === null && event.key !== " ") return
    event.preventDefault()
    if (ms !== null) this.#seek(ms)
    else if (this.#audio.paused) this.#audio.play()
    else this.#audio.pause()
  }

  #clicked = ({ target }) => {
    const start = target.closest("button[data-seek]")?.dataset.seek
    if (start !== undefined) this.#seek(Number(start))
  }

  #seek(ms) {
    this.#audio.currentTime = ms / 1000
    this.#follow()
    this.#describePosition()
  }

  #describePosition() {
    const slider = this.#slider
    if (!slider) return
    const times = { time: duration(Number(slider.value)), total: duration(Number(slider.max)) }
    slider.setAttribute("aria-valuetext", phrase("plot.position", times))
  }

  get #audio() {
    return this.querySelector("audio")
  }

  get #slider() {
    return this.querySelector("input[type=range]")
  }

  get #plot() {
    return this.querySelector("answer-plot")
  }
}

customElements.define("answer-review", AnswerReview)
