import { Countdown } from "../models/countdown.js"
import { duration, spokenDuration } from "../models/duration.js"
import { part, write } from "./parts.js"
import { phrase } from "./phrases.js"

const TICK_MS = 200
const LAST_SECONDS = 3

/*
 * Counts the time to think down, once for each question, and sends `countdownend` at its end. Stopped, it
 * does not go on: who does something else with the question says when they begin.
 */
class ThinkCountdown extends HTMLElement {
  #questionId = null
  #countdown = null
  #ticking = null

  disconnectedCallback() {
    this.#stop()
  }

  get isRunning() {
    return this.#countdown !== null
  }

  // With null there is nothing to be thought about now.
  show(question) {
    if (!question) return this.#stop()
    if (question.question_id === this.#questionId) return
    this.#questionId = question.question_id
    if (question.think_seconds) this.#start(question.think_seconds)
  }

  #start(seconds) {
    this.#countdown = new Countdown(seconds, Date.now())
    this.#ticking = setInterval(() => this.#tick(), TICK_MS)
    this.#tick()
  }

  #stop() {
    clearInterval(this.#ticking)
    this.#countdown = null
    part(this, "left").hidden = true
    part(this, "said").textContent = ""
  }

  #tick() {
    const now = Date.now()
    const seconds = this.#countdown.secondsLeft(now)
    write(this, "left", phrase("countdown.left", { time: duration(seconds * 1000) }))
    part(this, "left").classList.toggle("countdown__left--last", seconds <= LAST_SECONDS)
    part(this, "left").hidden = false
    if (this.#countdown.isToBeSaid(now)) {
      write(
        this,
        "said",
        phrase("countdown.said", { time: spokenDuration(seconds, document.documentElement.lang) })
      )
    }
    if (this.#countdown.isOver(now)) this.#end()
  }

  #end() {
    this.#stop()
    this.dispatchEvent(new CustomEvent("countdownend", { bubbles: true }))
  }
}

customElements.define("think-countdown", ThinkCountdown)
