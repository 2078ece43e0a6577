import { phrase } from "./phrases.js"

// The transcript of the answer before, and what its candidate adds to it. Sends `answernote` with the text.
class AnswerNoteElement extends HTMLElement {
  #note = null

  connectedCallback() {
    this.addEventListener("submit", this.#submitted)
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this.#submitted)
  }

  // `note` is a model; null hides all of it.
  show(note, maxLength) {
    this.hidden = !note
    if (!note) return
    if (note !== this.#note) this.#begin(note)
    if (maxLength) this.querySelector("textarea").maxLength = maxLength
    this.querySelector("button").disabled = note.state === "sending"
    const said = note.state === "open" ? "" : phrase(`note.${note.state}`)
    const place = this.querySelector("[role=status]")
    if (place.textContent !== said) place.textContent = said
  }

  #begin(note) {
    this.#note = note
    this.querySelector("form").reset()
    this.querySelector("details").open = false
    this.querySelector("[data-text]").textContent = note.transcript
  }

  #submitted = (event) => {
    event.preventDefault()
    event.stopPropagation()
    const text = new FormData(event.target).get("note").trim()
    this.dispatchEvent(new CustomEvent("answernote", { detail: text, bubbles: true }))
  }
}

customElements.define("answer-note", AnswerNoteElement)
