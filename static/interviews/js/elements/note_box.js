import { duration } from "../models/duration.js"
import { newId } from "../models/notes.js"
import { part, write } from "./parts.js"
import { phrase } from "./phrases.js"
import "./note_keeper.js"

/*
 * Where a note is typed. It belongs to the place at which its typing began, which the page says when it
 * is asked by `note-place`: who handles that fills in question_id, answer_id, at_ms and position.
 * Alt+N leads here, Alt+H makes a highlight from anywhere; Enter keeps the note, Shift+Enter is a new line.
 */
class NoteBox extends HTMLElement {
  #place = null

  connectedCallback() {
    document.addEventListener("keydown", this.#pressedAnywhere)
    this.#form.addEventListener("submit", this.#submitted)
    this.#text.addEventListener("input", this.#typed)
    this.#text.addEventListener("keydown", this.#pressed)
    this.#highlightButton.addEventListener("click", this.#highlight)
    this.#keeper.addEventListener("notes", this.#showTrouble)
    this.#restoreDraft()
    this.#showTrouble()
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#pressedAnywhere)
    this.#form.removeEventListener("submit", this.#submitted)
    this.#text.removeEventListener("input", this.#typed)
    this.#text.removeEventListener("keydown", this.#pressed)
    this.#highlightButton.removeEventListener("click", this.#highlight)
    this.#keeper?.removeEventListener("notes", this.#showTrouble)
  }

  #typed = () => {
    const isEmpty = !this.#text.value.trim()
    if (isEmpty) this.#place = null
    else this.#place ??= this.#here()
    this.#showPlace()
    this.#storeDraft()
  }

  #pressed = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  #pressedAnywhere = (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return
    if (event.code !== "KeyN" && event.code !== "KeyH") return
    event.preventDefault()
    if (event.code === "KeyN") this.#text.focus()
    else this.#highlight()
  }

  #submitted = (event) => {
    event.preventDefault()
    const text = this.#text.value.trim()
    if (!text) return
    this.#keep("note", text, this.#place ?? this.#here())
    this.#text.value = ""
    this.#typed()
  }

  #highlight = () => {
    this.#keep("highlight", "", this.#here())
  }

  #keep(kind, text, place) {
    const { question_id, answer_id, at_ms } = place
    this.#keeper.keep({ id: newId(), kind, text, question_id, answer_id, at_ms })
    write(this, "done", phrase(`notes.${kind}_made`, { place: placeText(place) }))
  }

  #here() {
    const place = { question_id: null, answer_id: null, at_ms: null, position: null }
    this.dispatchEvent(new CustomEvent("note-place", { bubbles: true, detail: place }))
    return place
  }

  #showPlace() {
    write(this, "place", this.#place ? placeText(this.#place) : "")
    if (this.#place) write(this, "done", "")
  }

  #showTrouble = () => {
    write(this, "trouble", this.#keeper.trouble)
  }

  // A page that is loaded again goes on with what was being typed.
  #storeDraft() {
    if (this.#place)
      sessionStorage.setItem(this.#draft, JSON.stringify({ text: this.#text.value, place: this.#place }))
    else sessionStorage.removeItem(this.#draft)
  }

  #restoreDraft() {
    const { text = "", place = null } = JSON.parse(sessionStorage.getItem(this.#draft) ?? "{}")
    this.#text.value = text
    this.#place = place
    this.#showPlace()
  }

  get #draft() {
    return `${this.#keeper.dataset.storage}.draft`
  }

  get #keeper() {
    return this.closest("note-keeper")
  }

  get #form() {
    return this.querySelector("form")
  }

  get #text() {
    return this.querySelector("textarea")
  }

  get #highlightButton() {
    return part(this, "highlight")
  }
}

function placeText({ position, at_ms }) {
  if (!position) return phrase("place.interview")
  return at_ms === null
    ? phrase("place.question", { position })
    : phrase("place.answer", { position, time: duration(at_ms) })
}

customElements.define("note-box", NoteBox)
