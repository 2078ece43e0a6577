import "./note_box.js"
import "./note_list.js"

/*
 * Notes beside the answers that they are about: a new one belongs to what was heard last, and each leads back
 * to its place. It stands inside a <note-keeper>, around the answers.
 */
class ReviewNotes extends HTMLElement {
  #heard = null

  connectedCallback() {
    for (const [type, listener] of this.#listeners) this.addEventListener(type, listener)
  }

  disconnectedCallback() {
    for (const [type, listener] of this.#listeners) this.removeEventListener(type, listener)
  }

  #moved = ({ target, detail: { ms } }) => {
    this.#heard = { review: target.closest("answer-review"), ms }
  }

  #place = ({ detail }) => {
    if (!this.#heard) return
    const { answer, question, position } = this.#heard.review.dataset
    Object.assign(detail, {
      question_id: question,
      answer_id: answer,
      at_ms: Math.round(this.#heard.ms),
      position: Number(position)
    })
  }

  #seek = ({ detail: { answer_id, at_ms } }) => {
    const review = this.querySelector(`answer-review[data-answer="${answer_id}"]`)
    const fold = review?.closest("details")
    if (fold) fold.open = true
    review?.scrollIntoView()
    review?.querySelector("answer-player")?.seek(at_ms)
  }

  #listeners = [
    ["moved", this.#moved],
    ["note-place", this.#place],
    ["note-seek", this.#seek]
  ]
}

customElements.define("review-notes", ReviewNotes)
