import { duration } from "../models/duration.js"
import { SKIP_MS, skipped } from "../models/playback.js"
import { part, write } from "./parts.js"
import { phrase } from "./phrases.js"
import "./wave_form.js"

const SPEED = "review.speed"
// What fails again so soon fails for another reason.
const RENEWAL_MS = 10000

/*
 * Plays an answer. Its controls take the place of the browser's own, which stand there without scripts.
 * It tells by `moved` {ms, isSought, isDragged} where it is: at each frame while it plays.
 *
 * The link to the recording expires. What fails is asked for once more at `data-renewed-at`, and goes on
 * where it was.
 */
class AnswerPlayer extends HTMLElement {
  #frame = null
  #renewedAt = -Infinity
  // A recording that fails stops by itself; that isn't what the listener wants.
  #isWanted = false

  connectedCallback() {
    this.#audio.controls = false
    if (!this.#bar) this.append(document.getElementById("player").content.cloneNode(true))
    for (const [type, listener] of this.#listeners) this.#audio.addEventListener(type, listener)
    this.addEventListener("click", this.#clicked)
    this.#speed.addEventListener("change", this.#chooseSpeed)
    document.addEventListener("play", this.#yield, { capture: true })
    this.#speed.value = localStorage.getItem(SPEED) ?? "1"
    this.#wave.endMs = Number(this.dataset.durationMs)
    this.#showState()
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame)
    for (const [type, listener] of this.#listeners) this.#audio.removeEventListener(type, listener)
    this.removeEventListener("click", this.#clicked)
    this.#speed.removeEventListener("change", this.#chooseSpeed)
    document.removeEventListener("play", this.#yield, { capture: true })
  }

  // As WaveForm does.
  show(sound) {
    this.#wave.show(sound)
  }

  get ms() {
    return this.#audio.currentTime * 1000
  }

  get isPlaying() {
    return !this.#audio.paused
  }

  // "toggle", "back" or "forward".
  do(command) {
    if (command === "toggle") return this.isPlaying ? this.#pause() : this.play()
    this.seek(skipped(this.ms, command === "back" ? -SKIP_MS : SKIP_MS, this.#endMs))
  }

  async play() {
    this.#isWanted = true
    this.#audio.playbackRate = Number(this.#speed.value)
    try {
      await this.#audio.play()
    } catch (problem) {
      // What can't be fetched is told by the event `error`; a pause meanwhile is no problem.
      if (!["AbortError", "NotSupportedError"].includes(problem.name)) throw problem
    }
  }

  #pause() {
    this.#isWanted = false
    this.#audio.pause()
  }

  // Whether there is a way back to what is said.
  offerReturn(isAway) {
    this.querySelector("[data-do=return]").hidden = !isAway
  }

  // `isDragged` while the place is still being chosen.
  seek(ms, isDragged = false) {
    this.#audio.currentTime = ms / 1000
    this.#moved({ isSought: true, isDragged })
    this.#wave.describe()
  }

  #listeners = [
    ["play", () => this.#showState()],
    ["pause", () => this.#showState()],
    ["ended", () => this.#pause()],
    ["playing", () => this.#follow()],
    [
      "loadedmetadata",
      () => {
        this.#problem.hidden = true
      }
    ],
    ["timeupdate", () => this.#moved()],
    ["error", () => this.#renew()]
  ]

  #clicked = ({ target }) => {
    const command = target.closest("[data-do]")?.dataset.do
    if (["toggle", "back", "forward"].includes(command)) this.do(command)
  }

  #chooseSpeed = () => {
    localStorage.setItem(SPEED, this.#speed.value)
    this.#audio.playbackRate = Number(this.#speed.value)
  }

  // Only one answer is heard at a time.
  #yield = ({ target }) => {
    if (target !== this.#audio) this.#pause()
  }

  #follow = () => {
    cancelAnimationFrame(this.#frame)
    if (!this.isPlaying) return
    this.#moved()
    this.#frame = requestAnimationFrame(this.#follow)
  }

  #renew() {
    if (performance.now() - this.#renewedAt < RENEWAL_MS) {
      this.#problem.hidden = false
      return
    }
    const { currentTime, dataset } = this.#audio
    this.#renewedAt = performance.now()
    this.#audio.src = dataset.renewedAt
    this.#audio.currentTime = currentTime
    if (this.#isWanted) this.play()
  }

  #moved(how = {}) {
    this.#showPlace()
    this.dispatchEvent(new CustomEvent("moved", { bubbles: true, detail: { ms: this.ms, ...how } }))
  }

  #showPlace() {
    this.#wave.place(this.ms)
    this.#showTime()
    if (!this.isPlaying) this.#wave.describe()
  }

  #showTime() {
    write(this, "time", phrase("plot.position", { time: duration(this.ms), total: duration(this.#endMs) }))
  }

  #showState() {
    const play = this.querySelector("[data-do=toggle]")
    play.setAttribute("aria-label", phrase(this.isPlaying ? "player.pause" : "player.play"))
    play.toggleAttribute("data-playing", this.isPlaying)
    this.#showPlace()
  }

  get #endMs() {
    return this.#wave.endMs
  }

  get #audio() {
    return this.querySelector("audio")
  }

  get #bar() {
    return this.querySelector(".player__bar")
  }

  get #wave() {
    return this.querySelector("wave-form")
  }

  get #speed() {
    return part(this, "speed")
  }

  get #problem() {
    return part(this, "problem")
  }
}

customElements.define("answer-player", AnswerPlayer)
