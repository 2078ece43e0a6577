import { ObservingElement } from "./observing.js"
import { part } from "./parts.js"
import "./note_box.js"
import "./note_keeper.js"
import "./note_list.js"
import "./question_card.js"

// An interview as it happens: every question with its answer.
class LiveDashboard extends ObservingElement {
  #cards = new Map()

  connectedCallback() {
    super.connectedCallback()
    this.addEventListener("note-place", this.#placeNote)
  }

  disconnectedCallback() {
    super.disconnectedCallback()
    this.removeEventListener("note-place", this.#placeNote)
  }

  render() {
    this.showStatus()
    this.#showWatchers()
    part(this, "report").hidden = this.interview.interview.status !== "completed"
    this.#showCards()
  }

  renderChange(message) {
    const card = this.#cards.get(message.question_id)
    if (message.type === "presence") this.#showWatchers()
    else if (card && message.type === "transcription") card.showWords()
    else if (card && message.type === "voice_metrics") card.showMetrics()
    else this.render()
  }

  #showWatchers() {
    part(this, "watchers").replaceChildren(...this.interview.watchers.map(listItem))
  }

  #showCards() {
    for (const question of this.interview.questions) this.#card(question).show(question, this.interview)
    const known = new Set(this.interview.questions.map(({ question_id }) => question_id))
    for (const [id, card] of this.#cards) {
      if (known.has(id)) continue
      card.remove()
      this.#cards.delete(id)
    }
  }

  #card({ question_id }) {
    if (!this.#cards.has(question_id)) {
      const card = document.getElementById("question-card").content.firstElementChild.cloneNode(true)
      card.querySelector("note-list").dataset.question = question_id
      part(this, "questions").append(card)
      this.#cards.set(question_id, card)
    }
    return this.#cards.get(question_id)
  }

  #placeNote = ({ detail }) => {
    Object.assign(detail, this.interview.place(performance.now()))
    detail.position = this.interview.questions.find(
      ({ question_id }) => question_id === detail.question_id
    )?.index
  }
}

function listItem(text) {
  const item = document.createElement("li")
  item.textContent = text
  return item
}

customElements.define("live-dashboard", LiveDashboard)
