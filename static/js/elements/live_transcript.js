import { duration } from "../models/duration.js"

/*
 * Finals as they come, each with its time, and the interim below them. Only the finals are in the
 * live region: words that still change would be read out again and again.
 */
class LiveTranscript extends HTMLElement {
  #shown = new Map()

  show(finals, interim) {
    this.#removeOthers(finals)
    for (const final of finals) this.#showFinal(final)
    this.#interim.hidden = !interim?.text
    this.#interim.querySelector("[data-text]").textContent = interim?.text ?? ""
  }

  #showFinal(final) {
    const paragraph = this.#shown.get(final.segment)
    if (!paragraph) {
      this.#append(final)
    } else if (paragraph.querySelector("[data-text]").textContent !== final.text) {
      paragraph.querySelector("[data-text]").textContent = final.text
    }
  }

  #append(final) {
    const paragraph = this.querySelector("template").content.firstElementChild.cloneNode(true)
    paragraph.querySelector("time").textContent = duration(final.start_ms)
    paragraph.querySelector("[data-text]").textContent = final.text
    this.#shown.set(final.segment, paragraph)
    this.#finals.append(paragraph)
  }

  #removeOthers(finals) {
    const wanted = new Set(finals.map(({ segment }) => segment))
    for (const [segment, paragraph] of this.#shown) {
      if (wanted.has(segment)) continue
      paragraph.remove()
      this.#shown.delete(segment)
    }
  }

  get #finals() {
    return this.querySelector(".transcript__finals")
  }

  get #interim() {
    return this.querySelector(".transcript__segment--interim")
  }
}

customElements.define("live-transcript", LiveTranscript)
