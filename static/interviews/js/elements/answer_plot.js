import {
  AnswerPlot,
  FLOOR_DBFS,
  GUTTER,
  PACE_TICKS_WPM,
  PITCH_TICKS_HZ,
  paceY,
  pitchY
} from "../models/answer_plot.js"
import { duration } from "../models/duration.js"
import { decimal } from "../models/measures.js"
import { indexAt } from "../models/playback.js"
import { part } from "./parts.js"
import { phrase } from "./phrases.js"
import { blocks, svg } from "./svg.js"

const LABEL_HEIGHT = 18
const AXIS_HEIGHT = 18
const LEVEL_HEIGHT = 56
const BAND_HEIGHT = 8
const PITCH_HEIGHT = 72
const WORD_HEIGHT = 3
const WORD_LABELS_HEIGHT = 30
const WORD_LINE_HEIGHT = 13
const PACE_HEIGHT = 40
const GAP = 4
const CHARACTER_WIDTH = 6.5

/*
 * How an answer sounded, over time. It is drawn when there is something new, for somebody who sees it:
 * live, that is once a second, and never while the page is in the background or it is folded away.
 * Below a waveform (`data-below`), which shows the level and pauses, it begins with the pitch.
 */
class AnswerPlotElement extends HTMLElement {
  #sound = null
  #summary = ""
  #plot = null
  #drawn = null
  #said = []
  #starts = []
  #word = -1
  #cursor = null
  #now = null
  #ms = 0
  #wordsHeight = 0
  #resized = new ResizeObserver(() => this.#draw())

  connectedCallback() {
    this.#resized.observe(this)
    document.addEventListener("visibilitychange", this.#draw)
    this.closest("details")?.addEventListener("toggle", this.#draw)
  }

  disconnectedCallback() {
    this.#resized.disconnect()
    document.removeEventListener("visibilitychange", this.#draw)
    this.closest("details")?.removeEventListener("toggle", this.#draw)
  }

  // `sound` has what AnswerPlot takes; `summary` says the same in words.
  show(sound, summary) {
    if (sound.trace === this.#sound?.trace) return
    this.#sound = sound
    this.#summary = summary
    this.#draw()
  }

  // What is heard now: a line through all, and the word that is said.
  mark(ms) {
    this.#ms = ms
    if (!this.#plot) return
    this.#now.setAttribute("transform", `translate(${GUTTER + this.#plot.x(ms)} 0)`)
    const index = indexAt(this.#starts, ms)
    if (index === this.#word) return
    this.#word = index
    this.#cursor?.setAttribute("d", index < 0 ? "" : blocks([this.#said[index]], this.#wordsHeight))
  }

  // The time at a place on the page; null before it is drawn.
  msAt(clientX) {
    return this.#plot?.msAt(clientX - this.getBoundingClientRect().left - GUTTER) ?? null
  }

  #draw = () => {
    if (!this.#sound || document.hidden || !this.checkVisibility()) return
    const width = this.clientWidth - GUTTER
    if (width <= 0) return
    if (this.#drawn?.sound === this.#sound && this.#drawn.width === width) return
    this.#drawn = { sound: this.#sound, width }
    this.#plot = new AnswerPlot(this.#sound, width)
    this.#said = this.#plot.words(CHARACTER_WIDTH)
    this.#starts = this.#said.map(({ startMs }) => startMs)
    this.#word = -1
    const { panels, height } = this.#panels()
    this.#now = svg("path", { class: "plot__now", d: "M0 0" })
    const size = { width: width + GUTTER, height }
    const image = { class: "plot__drawing", role: "img", "aria-label": this.#summary }
    this.#drawing.replaceChildren(svg("svg", { ...image, ...size }, ...panels, this.#now))
    if (this.dataset.below === undefined) return
    this.#now.setAttribute("d", `M0 0V${height - AXIS_HEIGHT}`)
    this.mark(this.#ms)
  }

  #panels() {
    const sound = this.dataset.below === undefined ? [this.#level(), this.#band()] : []
    const panels = [...sound, this.#pitch()]
    // Words that the page doesn't have are no silence.
    if (this.#sound.words.length) panels.push(this.#words(), this.#pace())
    const placed = []
    let top = 0
    for (const { label, height, parts } of panels) {
      if (label) placed.push(text(label, { x: 0, y: top + LABEL_HEIGHT - 5, class: "plot__label" }))
      top += label ? LABEL_HEIGHT : 0
      placed.push(svg("g", { transform: `translate(${GUTTER} ${top})` }, ...parts))
      top += height + GAP
    }
    return { panels: [...placed, this.#axis(top)], height: top + AXIS_HEIGHT }
  }

  #level() {
    return {
      label: phrase("plot.level"),
      height: LEVEL_HEIGHT,
      parts: [
        ...this.#ticks([
          [0, 4],
          [FLOOR_DBFS, LEVEL_HEIGHT / 2]
        ]),
        svg("path", { class: "plot__level", d: this.#plot.envelope(LEVEL_HEIGHT) })
      ]
    }
  }

  #band() {
    const pauses = svg("path", { class: "plot__pause", d: blocks(this.#plot.pauses, BAND_HEIGHT) })
    return {
      height: BAND_HEIGHT,
      parts: [pauses, svg("path", { class: "plot__speech", d: blocks(this.#plot.speech, BAND_HEIGHT) })]
    }
  }

  #pitch() {
    return {
      label: phrase("plot.pitch"),
      height: PITCH_HEIGHT,
      parts: [
        ...this.#lines(PITCH_TICKS_HZ.map((hz) => [hz, pitchY(hz, PITCH_HEIGHT)])),
        svg("path", { class: "plot__pitch", d: this.#plot.contour(PITCH_HEIGHT) })
      ]
    }
  }

  #words() {
    const words = this.#said
    const labels = words.filter(({ label }) => label)
    const language = this.dataset.language ?? ""
    const ticks = blocks(words.map(apart), WORD_HEIGHT)
    this.#wordsHeight = WORD_HEIGHT + (labels.length ? WORD_LABELS_HEIGHT : WORD_HEIGHT)
    this.#cursor = svg("path", { class: "plot__current" })
    return {
      label: phrase("plot.words"),
      height: this.#wordsHeight,
      parts: [
        svg("path", {
          class: "plot__word",
          d: ticks,
          transform: `translate(0 ${this.#wordsHeight - WORD_HEIGHT})`
        }),
        this.#cursor,
        ...labels.map(({ x, label, line }) =>
          text(label, { x, y: 11 + line * WORD_LINE_HEIGHT, class: "plot__text", lang: language })
        )
      ]
    }
  }

  #pace() {
    return {
      label: phrase("plot.pace"),
      height: PACE_HEIGHT,
      parts: [
        ...this.#lines(PACE_TICKS_WPM.map((wpm) => [wpm, paceY(wpm, PACE_HEIGHT)])),
        svg("path", { class: "plot__pace", d: this.#plot.pacePath(PACE_HEIGHT) })
      ]
    }
  }

  #axis(top) {
    const ticks = this.#plot.ticks.flatMap(({ ms, x }, index, all) => [
      svg("path", { class: "plot__line", d: `M${x} 0v4` }),
      text(duration(ms), {
        x,
        y: 16,
        class: "plot__text",
        "text-anchor": anchor(x, index, all, this.#drawn.width)
      })
    ])
    return svg("g", { transform: `translate(${GUTTER} ${top})` }, ...ticks)
  }

  #lines(places) {
    const lines = places.map(([, y]) => `M0 ${y}H${this.#drawn.width}`).join("")
    return [svg("path", { class: "plot__line", d: lines }), ...this.#ticks(places)]
  }

  #ticks(places) {
    return places.map(([value, y]) =>
      text(decimal(value, 0, document.documentElement.lang), {
        x: -6,
        y: y + 4,
        class: "plot__text",
        "text-anchor": "end"
      })
    )
  }

  get #drawing() {
    return part(this, "drawing")
  }
}

function text(content, attributes) {
  return svg("text", attributes, content)
}

function apart({ x, width }) {
  return { x, width: width - 1 }
}

// The last one stays inside.
function anchor(x, index, all, width) {
  return index === all.length - 1 && width - x < 16 ? "end" : "middle"
}

customElements.define("answer-plot", AnswerPlotElement)
