import { duration } from "../models/duration.js"
import { runsOf } from "../models/word_confidence.js"
import { phrase } from "./phrases.js"

// So close to its end, who reads goes along with it.
const END_PIXELS = 40

/*
 * Finals as they come, each with its time, and the interim below them. Only the finals are in the
 * live region: words that still change would be read out again and again. Of the interim, what may
 * still change looks less certain than what has settled. With
 * `data-unsure-percent`, words of which the recogniser was less sure are marked.
 */
class LiveTranscript extends HTMLElement {
  #drawn = []
  #paragraphs = new Map()
  #isAtEnd = true

  connectedCallback() {
    this.addEventListener("scroll", this.#scrolled, { passive: true })
  }

  disconnectedCallback() {
    this.removeEventListener("scroll", this.#scrolled)
  }

  // One more final costs the same however many there are: those before it are not looked at again.
  show(finals, interim) {
    const isLonger = finals[0] === this.#drawn[0] && finals[this.#drawn.length - 1] === this.#drawn.at(-1)
    if (!isLonger) this.#removeOthers(finals)
    for (const final of isLonger ? finals.slice(this.#drawn.length) : finals) this.#draw(final)
    if (!isLonger || finals.length > this.#drawn.length) this.#drawn = [...finals]
    this.#drawInterim(interim?.text ?? "", interim?.tail)
    if (this.#isAtEnd) this.scrollTop = this.scrollHeight
  }

  #draw(final) {
    const paragraph = this.#paragraphs.get(final.segment) ?? this.#append(final)
    if (paragraph.final === final) return
    paragraph.final = final
    const below = Number(this.dataset.unsurePercent ?? 0) / 100
    paragraph.text.replaceChildren(...runsOf(final, below).map(drawRun))
  }

  #append({ segment, start_ms }) {
    const element = this.querySelector("template").content.firstElementChild.cloneNode(true)
    element.querySelector("time").textContent = duration(start_ms)
    const paragraph = { element, text: element.querySelector("[data-text]"), final: null }
    this.#paragraphs.set(segment, paragraph)
    this.#finals.append(element)
    return paragraph
  }

  // All of it may change where there is no word of its tail.
  #drawInterim(text, tail = text) {
    this.#interim.hidden = !text
    const settled = text.slice(0, text.length - tail.length)
    this.#interim
      .querySelector("[data-text]")
      .replaceChildren(drawPart("settled", settled), drawPart("tail", tail))
  }

  #removeOthers(finals) {
    const wanted = new Set(finals.map(({ segment }) => segment))
    for (const [segment, { element }] of this.#paragraphs) {
      if (wanted.has(segment)) continue
      element.remove()
      this.#paragraphs.delete(segment)
    }
    this.#drawn = []
  }

  #scrolled = () => {
    this.#isAtEnd = this.scrollHeight - this.scrollTop - this.clientHeight < END_PIXELS
  }

  get #finals() {
    return this.querySelector(".transcript__finals")
  }

  get #interim() {
    return this.querySelector(".transcript__segment--interim")
  }
}

function drawPart(name, text) {
  const span = document.createElement("span")
  span.className = `transcript__${name}`
  span.textContent = text
  return span
}

function drawRun({ text, confidence }) {
  if (confidence === null) return text
  const mark = document.createElement("mark")
  mark.className = "unsure"
  mark.title = phrase("word.unsure", { percent: Math.round(confidence * 100) })
  mark.textContent = text
  return mark
}

customElements.define("live-transcript", LiveTranscript)
