import { duration } from "../models/duration.js"
import { part, write } from "./parts.js"
import { phrase } from "./phrases.js"
import "./note_keeper.js"

/*
 * The notes on a question, or without `data-question` those on the interview itself, to be changed and
 * thrown away. It stands inside a <note-keeper>; <template id="note"> is one of its items. A page that can
 * play answers handles `note-seek`, whose detail is the note: `data-seek` makes times buttons for it.
 */
class NoteList extends HTMLElement {
  #keeper = null
  #items = new Map()

  connectedCallback() {
    this.#keeper = this.closest("note-keeper")
    this.#keeper.addEventListener("notes", this.#render)
    this.addEventListener("click", this.#clicked)
    this.addEventListener("submit", this.#submitted)
    this.addEventListener("keydown", this.#pressed)
    this.#render()
  }

  disconnectedCallback() {
    this.#keeper.removeEventListener("notes", this.#render)
    this.removeEventListener("click", this.#clicked)
    this.removeEventListener("submit", this.#submitted)
    this.removeEventListener("keydown", this.#pressed)
  }

  #render = () => {
    const notes = this.#keeper.notes.on(this.dataset.question ?? null)
    const known = new Set(notes.map(({ id }) => id))
    for (const [id, item] of this.#items) if (!known.has(id)) this.#remove(id, item)
    notes.forEach((note, index) => {
      const item = this.#item(note)
      if (this.#list.children[index] !== item)
        this.#list.insertBefore(item, this.#list.children[index] ?? null)
      this.#show(item, note)
    })
    this.hidden = !notes.length
  }

  #item({ id }) {
    if (!this.#items.has(id)) {
      const item = document.getElementById("note").content.firstElementChild.cloneNode(true)
      item.dataset.note = id
      this.#items.set(id, item)
    }
    return this.#items.get(id)
  }

  #show(item, note) {
    const { notes, trouble } = this.#keeper
    item.dataset.kind = note.kind
    const isPlaced = note.at_ms !== null
    write(item, "time", isPlaced ? duration(note.at_ms) : "")
    part(item, "seek").hidden = !isPlaced || this.dataset.seek === undefined
    part(item, "time").hidden = !isPlaced || this.dataset.seek !== undefined
    write(item, "seek", isPlaced ? duration(note.at_ms) : "")
    part(item, "kind").hidden = note.kind !== "highlight"
    write(item, "text", note.text)
    const isWaiting = notes.isUnsent(note.id) && trouble
    write(item, "state", notes.refusal(note.id) ?? (isWaiting ? phrase("notes.unsent") : ""))
  }

  // Whoever threw it away goes on at the next one.
  #remove(id, item) {
    const isLeft = item.contains(document.activeElement)
    const next = item.nextElementSibling ?? item.previousElementSibling
    this.#items.delete(id)
    item.remove()
    if (isLeft) next?.querySelector("[data-do=edit]").focus()
  }

  #clicked = ({ target }) => {
    const button = target.closest("button[data-do]")
    if (!button) return
    const note = this.#noteOf(button)
    if (button.dataset.do === "edit") this.#edit(button, note)
    else if (button.dataset.do === "throw_away") this.#throwAway(note)
    else if (button.dataset.do === "cancel") this.#close(button)
    else if (button.dataset.do === "seek")
      this.dispatchEvent(new CustomEvent("note-seek", { bubbles: true, detail: note }))
  }

  #edit(button, { text }) {
    const item = button.closest("[data-note]")
    const form = item.querySelector("form")
    item.toggleAttribute("data-editing", true)
    form.elements.text.value = text
    form.elements.text.focus()
  }

  #throwAway({ id, text }) {
    if (!text || confirm(phrase("notes.throw_away"))) this.#keeper.throwAway(id)
  }

  #submitted = (event) => {
    event.preventDefault()
    const note = this.#noteOf(event.target)
    const text = event.target.elements.text.value.trim()
    if (!text && note.kind === "note") return
    this.#close(event.target)
    if (text !== note.text) this.#keeper.keep({ ...note, text })
  }

  #pressed = (event) => {
    if (event.target.name !== "text" || event.isComposing) return
    if (event.key === "Escape") this.#close(event.target)
    if (event.key !== "Enter" || event.shiftKey) return
    event.preventDefault()
    event.target.form.requestSubmit()
  }

  #close(inside) {
    const item = inside.closest("[data-note]")
    item.toggleAttribute("data-editing", false)
    item.querySelector("[data-do=edit]").focus()
  }

  #noteOf(inside) {
    const { note } = inside.closest("[data-note]").dataset
    return this.#keeper.notes.get(note)
  }

  get #list() {
    return this.querySelector("ul")
  }
}

customElements.define("note-list", NoteList)
