import { indexAt } from "../models/playback.js"
import { timedText } from "../models/timed_text.js"
import { correctionForm } from "./correction_form.js"
import { phrase } from "./phrases.js"

const AT_ONCE = 20

/*
 * The text of an answer that is over. Until its words are known, its segments are marked and sought;
 * then each word is. It asks to be heard from somewhere by `hear` {ms}, tells by `rewritten` that its
 * text was put into the page anew, and by `strayed` {isAway} whether what is said is out of sight.
 *
 * It scrolls to what is said only as long as that was in sight before: who scrolls away is left alone.
 */
class ReviewTranscript extends HTMLElement {
  #words = new Map()
  #marks = []
  #starts = []
  #current = null

  connectedCallback() {
    this.addEventListener("click", this.#clicked)
    this.addEventListener("corrected", this.#corrected)
    this.#index()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#clicked)
    this.removeEventListener("corrected", this.#corrected)
  }

  // `segments` as sound.json has them. Of a long answer some at a time, so that the page answers meanwhile.
  async show(segments) {
    this.#words = new Map(segments.map(({ segment, words }) => [String(segment), words]))
    for (const [index, segment] of this.#segments.entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await new Promise((done) => setTimeout(done))
      this.#divide(segment)
    }
    this.#index()
    this.dispatchEvent(new Event("rewritten", { bubbles: true }))
  }

  // What is heard at `ms`. While somebody drags the slider the page keeps still below it.
  mark({ ms, isSought = false, isDragged = false }) {
    const mark = this.#marks[indexAt(this.#starts, ms)] ?? null
    const before = this.#current
    if (mark === before && !isSought) return
    const follows = !isDragged && (isSought || before === null || isInSight(before))
    before?.removeAttribute("data-current")
    this.#current = mark
    mark?.setAttribute("data-current", "")
    const isAway = mark !== null && !isInSight(mark)
    if (follows && isAway) mark.scrollIntoView({ block: "center" })
    this.#tell("strayed", { isAway: isAway && !follows })
  }

  // Back to what is said.
  return() {
    this.#current?.scrollIntoView({ block: "center" })
    this.#tell("strayed", { isAway: false })
  }

  // A segment's text becomes one element for each word; a reviewer may correct it.
  #divide(segment) {
    const place = textOf(segment)
    const text = place.textContent
    const start = Number(segment.dataset.start)
    const pieces = []
    let end = 0
    for (const word of timedText(text, this.#words.get(segment.dataset.segment) ?? [], start)) {
      const element = document.createElement("span")
      element.dataset.ms = word.startMs
      element.toggleAttribute("data-timed", word.isTimed)
      element.textContent = text.slice(word.start, word.end)
      pieces.push(text.slice(end, word.start), element)
      end = word.end
    }
    place.replaceChildren(...pieces, text.slice(end))
    this.#offerCorrection(segment)
  }

  #offerCorrection(segment) {
    if (!this.dataset.corrections || segment.querySelector("[data-do=correct]")) return
    segment.append(document.getElementById("correct-button").content.cloneNode(true))
    const time = segment.querySelector(".transcript__time").textContent
    segment.querySelector("[data-do=correct]").setAttribute("aria-label", phrase("correction.open", { time }))
  }

  // What is marked, in its order: words with a time of their own, and segments that have none of these.
  #index() {
    this.#marks = this.#segments.flatMap((segment) => {
      const words = [...segment.querySelectorAll("[data-timed]")]
      return words.length ? words : [segment]
    })
    this.#starts = this.#marks.map(({ dataset }) => Number(dataset.ms ?? dataset.start))
    this.#current?.removeAttribute("data-current")
    this.#current = null
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-do=correct]")) return this.#edit(target.closest("[data-segment]"))
    // Who marks text to copy it does not want to hear it.
    if (!getSelection().isCollapsed) return
    const place =
      target.closest("[data-ms]") ?? target.closest("button.transcript__time")?.closest("[data-start]")
    if (place) this.#tell("hear", { ms: Number(place.dataset.ms ?? place.dataset.start) })
  }

  #edit(segment) {
    if (!segment.querySelector("correction-form"))
      segment.append(correctionForm(this.dataset.corrections, segment))
    segment.querySelector("textarea").focus()
  }

  #corrected = ({ target }) => {
    this.#divide(target)
    this.#index()
    this.dispatchEvent(new Event("rewritten", { bubbles: true }))
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }))
  }

  get #segments() {
    return [...this.querySelectorAll("[data-segment]")]
  }
}

function textOf(segment) {
  return segment.querySelector("[data-text]")
}

function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect()
  const player = element.closest("answer-review")?.querySelector("answer-player")
  const head = player ? Math.max(0, player.getBoundingClientRect().bottom) : 0
  const box = document.querySelector("note-box")
  const foot = box ? Math.min(innerHeight, box.getBoundingClientRect().top) : innerHeight
  return top >= Math.min(head, innerHeight / 2) && bottom <= foot
}

customElements.define("review-transcript", ReviewTranscript)
