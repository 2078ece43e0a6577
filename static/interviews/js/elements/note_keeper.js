import { Backoff } from "../models/backoff.js"
import { Notes } from "../models/notes.js"
import { fetchNotes, send } from "../net/notes_server.js"
import { phrase } from "./phrases.js"

/*
 * Holds somebody's notes on an interview for the elements inside it, which show them and make new ones. A
 * note is there at once, and sent behind: while the server is away it waits here, also over a reload.
 *
 * `data-notes` is where they are kept; `data-storage` names their place in this tab.
 */
class NoteKeeper extends HTMLElement {
  notes = new Notes()
  #backoff = new Backoff()
  #isSending = false
  #retry = null
  #trouble = null
  #isWhole = false

  connectedCallback() {
    this.notes = new Notes(JSON.parse(sessionStorage.getItem(this.dataset.storage) ?? "[]"))
    addEventListener("beforeunload", this.#leaving)
    addEventListener("online", this.#sendAll)
    this.#sendAll()
  }

  disconnectedCallback() {
    removeEventListener("beforeunload", this.#leaving)
    removeEventListener("online", this.#sendAll)
    clearTimeout(this.#retry)
  }

  keep(note) {
    this.notes.keep(note)
    this.#changed()
    this.#sendAll()
  }

  throwAway(id) {
    this.notes.throwAway(id)
    this.#changed()
    this.#sendAll()
  }

  // In words, what stands in the way of notes that are not sent, or were not fetched.
  get trouble() {
    const count = this.notes.unsent.length
    if (!this.#trouble) return ""
    if (count) return phrase(`notes.${this.#trouble}`, { count })
    return this.#isWhole ? "" : phrase("notes.unread")
  }

  #sendAll = async () => {
    if (this.#isSending) return
    clearTimeout(this.#retry)
    this.#isSending = true
    do this.#trouble = await this.#work()
    while (!this.#trouble && this.notes.next)
    this.#isSending = false
    if (this.#trouble === "away") this.#retry = setTimeout(this.#sendAll, this.#backoff.nextDelayMs())
    this.#changed()
  }

  // Null, or what stands in the way.
  async #work() {
    for (let task = this.notes.next; task; task = this.notes.next) {
      const outcome = await send(this.dataset.notes, task)
      if (outcome === "done") this.notes.sent(task)
      else if (outcome.refused) this.notes.refused(task, outcome.refused)
      else return outcome
      this.#backoff.reset()
      this.#changed()
    }
    return this.#isWhole ? null : this.#fetch()
  }

  async #fetch() {
    try {
      this.notes.restore(await fetchNotes(this.dataset.notes))
      this.#isWhole = true
      return null
    } catch {
      return "away"
    }
  }

  #changed() {
    const { unsent } = this.notes
    if (unsent.length) sessionStorage.setItem(this.dataset.storage, JSON.stringify(unsent))
    else sessionStorage.removeItem(this.dataset.storage)
    this.dispatchEvent(new Event("notes"))
  }

  #leaving = (event) => {
    if (this.notes.unsent.length) event.preventDefault()
  }
}

customElements.define("note-keeper", NoteKeeper)
