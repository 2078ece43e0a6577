import { part } from "./parts.js"
import { phrase } from "./phrases.js"

// The rows of a form for questions: buttons move, remove and add them, where without a script numbers,
// ticks and blank rows do. What is sent is the same.
class QuestionRows extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#clicked)
    for (const row of this.#rows) row.hidden = row.querySelector("[data-part=removal] input").checked
    this.#dropBlankRows()
    this.#showButtons(true)
    this.#renumber()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#clicked)
    this.#showButtons(false)
  }

  #clicked = ({ target }) => {
    const button = target.closest("button[data-action]")
    if (!button) return
    const row = button.closest("li")
    if (button.dataset.action === "add") this.#add()
    else if (button.dataset.action === "remove") this.#remove(row)
    else this.#move(row, button)
  }

  #add() {
    const index = this.#total.value++
    const row = document.createElement("template")
    row.innerHTML = this.querySelector("template").innerHTML.replaceAll("__prefix__", index)
    this.#list.append(row.content)
    this.#showButtons(true)
    this.#renumber()
    this.#rows.at(-1).querySelector("textarea").focus()
  }

  // Its fields stay, so that the others keep their numbers in the form.
  #remove(row) {
    const next = this.#rows[this.#rows.indexOf(row) + 1] ?? this.#rows.at(-2)
    row.querySelector("[data-part=removal] input").checked = true
    row.hidden = true
    this.#renumber()
    this.#say(phrase("removed"))
    const place =
      next && !next.hidden ? next.querySelector("textarea") : this.querySelector("[data-action=add]")
    place.focus()
  }

  #move(row, button) {
    const to = this.#rows.indexOf(row) + (button.dataset.action === "up" ? -1 : 1)
    const other = this.#rows[to]
    if (!other) return
    if (button.dataset.action === "up") other.before(row)
    else other.after(row)
    this.#renumber()
    button.focus()
    this.#say(phrase("moved", { number: to + 1 }))
  }

  // Who can add rows needs none that wait, but for the first.
  #dropBlankRows() {
    for (const row of this.#rows.reverse()) {
      if (row.querySelector("textarea").value || row.querySelector(".errorlist") || this.#rows.length === 1)
        return
      row.remove()
      this.#total.value--
    }
  }

  #renumber() {
    for (const [index, row] of this.#rows.entries()) {
      const number = index + 1
      part(row, "number").textContent = phrase("number", { number })
      row.querySelector("[data-part=place] input").value = number
    }
  }

  #showButtons(are) {
    for (const place of this.querySelectorAll("[data-part=actions], [data-action=add]")) place.hidden = !are
    for (const place of this.querySelectorAll("[data-part=place], [data-part=removal]")) place.hidden = are
  }

  #say(text) {
    this.querySelector("[role=status]").textContent = text
  }

  get #list() {
    return part(this, "rows")
  }

  get #rows() {
    return [...this.#list.children].filter((row) => !row.hidden)
  }

  get #total() {
    return document.getElementById(this.dataset.total)
  }
}

customElements.define("question-rows", QuestionRows)
