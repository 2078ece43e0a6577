import { TranscriptSearch } from "../models/transcript_search.js"
import { phrase } from "./phrases.js"

/*
 * Finds words in the texts of the page (`[data-text]`, as they are shown) and goes through them: Enter to
 * the next, with shift to the one before.
 */
class TranscriptSearchElement extends HTMLElement {
  #texts = []
  #search = new TranscriptSearch([])

  connectedCallback() {
    this.hidden = false
    this.#input.addEventListener("input", this.#find)
    this.addEventListener("keydown", this.#pressed)
    this.addEventListener("click", this.#clicked)
    document.addEventListener("rewritten", this.#rewritten)
  }

  disconnectedCallback() {
    this.#input.removeEventListener("input", this.#find)
    this.removeEventListener("keydown", this.#pressed)
    this.removeEventListener("click", this.#clicked)
    document.removeEventListener("rewritten", this.#rewritten)
    this.#clear()
  }

  #find = () => {
    this.#texts = [...document.querySelectorAll("[data-text]")]
    this.#search = new TranscriptSearch(this.#texts.map(({ textContent }) => textContent))
    this.#search.find(this.#input.value)
    this.#show()
  }

  // The same words, in other elements.
  #rewritten = () => {
    if (!this.#input.value) return
    const { index } = this.#search
    this.#find()
    if (index < this.#search.matches.length) this.#search.index = index
    this.#show()
  }

  #pressed = (event) => {
    if (event.target !== this.#input || event.key !== "Enter") return
    event.preventDefault()
    this.#step(event.shiftKey ? -1 : 1)
  }

  #clicked = ({ target }) => {
    const by = target.closest("[data-by]")?.dataset.by
    if (by) this.#step(Number(by))
  }

  #step(by) {
    const match = this.#search.step(by)
    if (!match) return
    const text = this.#texts[match.text]
    const fold = text.closest("details")
    if (fold) fold.open = true
    text.scrollIntoView({ block: "center" })
    this.#showPlace()
  }

  #show() {
    this.#clear()
    for (const button of this.querySelectorAll("[data-by]")) button.disabled = !this.#search.matches.length
    if (globalThis.Highlight) {
      CSS.highlights.set("found", new Highlight(...this.#search.matches.map((match) => this.#range(match))))
    }
    this.#showPlace()
  }

  // Of many matches only the one that is gone to changes.
  #showPlace() {
    const { matches, index } = this.#search
    const count = { number: index + 1, total: matches.length }
    this.#status.textContent = this.#input.value.trim() ? phrase(this.#found, count) : ""
    document.querySelector("[data-found]")?.removeAttribute("data-found")
    if (index < 0) return
    this.#texts[matches[index].text].setAttribute("data-found", "")
    if (!globalThis.Highlight) return
    const now = new Highlight(this.#range(matches[index]))
    now.priority = 1
    CSS.highlights.set("found-now", now)
  }

  get #found() {
    if (!this.#search.matches.length) return "search.none"
    return this.#search.index < 0 ? "search.count" : "search.position"
  }

  #range({ text, start, end }) {
    return rangeIn(this.#texts[text], start, end)
  }

  #clear() {
    document.querySelector("[data-found]")?.removeAttribute("data-found")
    CSS.highlights?.delete("found")
    CSS.highlights?.delete("found-now")
  }

  get #input() {
    return this.querySelector("input")
  }

  get #status() {
    return this.querySelector("[role=status]")
  }
}

// The characters from `start` to `end` of an element's text, whatever elements that is divided into.
function rangeIn(element, start, end) {
  const range = new Range()
  const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  let before = 0
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const after = before + node.length
    if (start >= before && start < after) range.setStart(node, start - before)
    if (end > before && end <= after) range.setEnd(node, end - before)
    before = after
  }
  return range
}

customElements.define("transcript-search", TranscriptSearchElement)
