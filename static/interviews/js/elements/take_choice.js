import { duration } from "../models/duration.js"
import { part, show } from "./parts.js"
import { phrase } from "./phrases.js"

const NO_ID = "00000000-0000-0000-0000-000000000000"

// The takes of a question, to be listened to and chosen from: the last one unless the person chooses another.
class TakeChoice extends HTMLElement {
  #shown = ""

  connectedCallback() {
    this.addEventListener("error", this.#missing, true)
  }

  disconnectedCallback() {
    this.removeEventListener("error", this.#missing, true)
  }

  // `isStarting`: another one is about to be recorded.
  show(takes, isStarting) {
    part(this, "heading").textContent = phrase(takes.next === 2 ? "takes.one" : "takes.several")
    const again = this.querySelector("[data-action=record-again]")
    const another = phrase("record.again", { number: takes.next, allowed: takes.allowed })
    again.textContent = isStarting ? phrase("record.starting") : another
    again.disabled = isStarting
    again.hidden = takes.next === null
    this.#list(takes.ended)
  }

  get chosen() {
    return this.querySelector("input:checked").value
  }

  // What stands there already stays: somebody may be listening to it.
  #list(takes) {
    const ids = takes.map(({ answer_id }) => answer_id).join()
    if (ids === this.#shown) return
    this.#shown = ids
    part(this, "list").replaceChildren(...takes.map((take, n) => this.#item(take, n + 1)))
    const last = [...this.querySelectorAll("input")].at(-1)
    if (last) last.checked = true
  }

  #item(take, number) {
    const item = this.querySelector("template").content.firstElementChild.cloneNode(true)
    const name = phrase("take.name", { number, time: duration(take.duration_ms ?? 0) })
    item.querySelector("input").value = take.answer_id
    part(item, "name").textContent = name
    part(item, "text").textContent = take.text
    const audio = item.querySelector("audio")
    audio.src = this.dataset.audio.replace(NO_ID, take.answer_id)
    audio.setAttribute("aria-label", name)
    if (take.status === "pending") remark(item, "take.pending")
    else if (!take.text) remark(item, "take.wordless")
    return item
  }

  // The file is stored a moment after the answer has ended.
  #missing = ({ target }) => {
    if (target.matches("audio")) remark(target.closest(".take"), "take.unheard")
  }
}

function remark(item, name) {
  show(item, "remark", phrase(name))
}

customElements.define("take-choice", TakeChoice)
