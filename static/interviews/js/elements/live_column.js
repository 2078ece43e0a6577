import { ObservingElement } from "./observing.js"
import { part, show } from "./parts.js"
import { phrase } from "./phrases.js"
import "./live_transcript.js"

// An interview as it happens, beside others: the question that it is at, and the words.
class LiveColumn extends ObservingElement {
  #shown = null

  render() {
    this.showStatus()
    const { questions, currentQuestionId } = this.interview
    // Once it is over, what was said last stays.
    const question =
      questions.find(({ question_id }) => question_id === (currentQuestionId ?? this.#shown)) ??
      questions.at(-1)
    this.#shown = question.question_id
    show(this, "position", phrase("question.position", question))
    show(this, "question", question.text)
    this.#showState()
    this.#showWords()
  }

  renderChange(message) {
    if (message.type === "transcription") this.#showWords()
    else if (message.type !== "voice_metrics" && message.type !== "presence") this.render()
  }

  #showState() {
    const answer = this.#answer
    const state = this.interview.answerState(this.#shown)
    show(this, "state", phrase(`answer.${state}`))
    part(this, "state").dataset.status = state
    show(this, "written", answer?.kind === "text" ? answer.text : "")
  }

  #showWords() {
    const { interim } = this.interview
    const isOpen = interim?.question_id === this.#shown
    this.querySelector("live-transcript").show(this.#answer?.segments ?? [], isOpen ? interim : null)
  }

  get #answer() {
    return this.interview.answer(this.#shown)
  }
}

customElements.define("live-column", LiveColumn)
