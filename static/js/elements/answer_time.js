import { duration } from "../models/duration.js"
import { softLimit } from "../models/soft_limit.js"
import { phrase } from "./phrases.js"

// How long somebody has been speaking, and how much time is left or over. Nothing is cut off.
class AnswerTime extends HTMLElement {
  show(recordedMs, plannedSeconds) {
    const limit = softLimit(plannedSeconds, recordedMs)
    this.#write("elapsed", duration(recordedMs))
    this.#write("left", limit ? phrase(...this.#left(limit)) : "")
    this.#write("is-over", limit?.isOver ? phrase("time.is_over") : "")
    this.#part("is-over").hidden = !limit?.isOver
  }

  #left({ isOver, leftMs, overMs }) {
    if (isOver) return ["time.over", { time: duration(overMs) }]
    // A second that has begun is still there.
    return ["time.left", { time: duration(Math.ceil(leftMs / 1000) * 1000) }]
  }

  #write(name, text) {
    const part = this.#part(name)
    if (part.textContent !== text) part.textContent = text
  }

  #part(name) {
    return this.querySelector(`[data-part=${name}]`)
  }
}

customElements.define("answer-time", AnswerTime)
