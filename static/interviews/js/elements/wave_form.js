import { AnswerPlot, GUTTER } from "../models/answer_plot.js"
import { duration } from "../models/duration.js"
import { soughtBy } from "../models/playback.js"
import { waveformPath } from "../models/waveform.js"
import { part } from "./parts.js"
import { phrase } from "./phrases.js"
import { blocks, svg } from "./svg.js"

const HEIGHT = 44
const BAND_HEIGHT = 6
const AXIS_HEIGHT = 18

/*
 * A recording from its beginning to its end, with a slider over it. Speech and pauses are below it where
 * they were measured. It asks to be moved by `seek` {ms, isDragged}; where it stands is said by `place`.
 */
class WaveForm extends HTMLElement {
  #sound = null
  #drawnWidth = 0
  #resized = new ResizeObserver(() => this.#draw())

  connectedCallback() {
    this.#resized.observe(this)
    this.#slider.addEventListener("input", this.#slid)
    this.#slider.addEventListener("change", this.#chose)
    this.#slider.addEventListener("keydown", this.#pressed)
    this.place(0)
  }

  disconnectedCallback() {
    this.#resized.disconnect()
    this.#slider.removeEventListener("input", this.#slid)
    this.#slider.removeEventListener("change", this.#chose)
    this.#slider.removeEventListener("keydown", this.#pressed)
  }

  // `peaks` and `endMs`, and the `trace` or null.
  show(sound) {
    this.#sound = sound
    this.#drawnWidth = 0
    this.endMs = sound.endMs
    this.#draw()
    this.place(this.ms)
  }

  get ms() {
    return Number(this.#slider.value)
  }

  get endMs() {
    return Number(this.#slider.max)
  }

  set endMs(ms) {
    this.#slider.max = ms
  }

  place(ms) {
    this.#slider.value = ms
    this.style.setProperty("--played", this.endMs ? Math.min(1, ms / this.endMs) : 0)
  }

  // Who listens is not told each second where they are.
  describe() {
    const times = { time: duration(this.ms), total: duration(this.endMs) }
    this.#slider.setAttribute("aria-valuetext", phrase("plot.position", times))
  }

  #draw() {
    const width = this.clientWidth - GUTTER
    if (!this.#sound || width <= 0 || width === this.#drawnWidth) return
    this.#drawnWidth = width
    const path = waveformPath(this.#sound.peaks, width, HEIGHT)
    const parts = [
      svg("path", { class: "wave__bars", d: path }),
      svg("path", { class: "wave__played", d: path })
    ]
    const size = {
      class: "wave__drawing",
      "aria-hidden": "true",
      width,
      height: HEIGHT + BAND_HEIGHT + AXIS_HEIGHT
    }
    part(this, "drawing").replaceChildren(svg("svg", size, ...parts, ...this.#below(width)))
  }

  #below(width) {
    const { trace, endMs } = this.#sound
    const plot = new AnswerPlot({ trace, endMs }, width)
    const speech = blocks(trace ? plot.speech : [], BAND_HEIGHT)
    const ticks = plot.ticks.map(({ ms, x }) =>
      svg(
        "text",
        {
          x,
          y: HEIGHT + BAND_HEIGHT + 14,
          "text-anchor": width - x < 16 ? "end" : "middle"
        },
        duration(ms)
      )
    )
    return [svg("path", { class: "wave__speech", d: speech, transform: `translate(0 ${HEIGHT})` }), ...ticks]
  }

  #slid = () => {
    this.#seek(this.ms, true)
  }

  #chose = () => {
    this.#seek(this.ms, false)
  }

  #pressed = (event) => {
    const ms = soughtBy(event.key, this.ms, this.endMs)
    if (ms === null) return
    event.preventDefault()
    this.#seek(ms, false)
  }

  #seek(ms, isDragged) {
    this.dispatchEvent(new CustomEvent("seek", { bubbles: true, detail: { ms, isDragged } }))
  }

  get #slider() {
    return this.querySelector("input")
  }
}

customElements.define("wave-form", WaveForm)
