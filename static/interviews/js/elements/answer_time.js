import { duration } from "../models/duration.js"
import { softLimit } from "../models/soft_limit.js"
import { part, write } from "./parts.js"
import { phrase } from "./phrases.js"

// How long somebody has been speaking, and how much time is left or over. Nothing is cut off.
class AnswerTime extends HTMLElement {
  show(recordedMs, plannedSeconds) {
    const limit = softLimit(plannedSeconds, recordedMs)
    write(this, "elapsed", duration(recordedMs))
    write(this, "left", limit ? phrase(...this.#left(limit)) : "")
    write(this, "is-over", limit?.isOver ? phrase("time.is_over") : "")
    part(this, "is-over").hidden = !limit?.isOver
  }

  #left({ isOver, leftMs, overMs }) {
    if (isOver) return ["time.over", { time: duration(overMs) }]
    // A second that has begun is still there.
    return ["time.left", { time: duration(Math.ceil(leftMs / 1000) * 1000) }]
  }
}

customElements.define("answer-time", AnswerTime)
