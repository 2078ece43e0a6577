/*
 * What the candidate adds to the transcript of the answer before.
 *
 *     open → sending → saved or refused → sending …
 */
export class AnswerNote {
  state = "open"
  text = ""
  transcript
  #ids
  #isSent = false

  // `answer` is the message that told the answer's end.
  constructor({ question_id, answer_id, text }) {
    this.#ids = { question_id, answer_id }
    this.transcript = text
  }

  write(text) {
    this.text = text
    this.state = "sending"
    this.#isSent = false
  }

  // A new connection: what was not acknowledged is said again.
  connected() {
    this.#isSent = false
  }

  takeOutgoing() {
    if (this.state !== "sending" || this.#isSent) return []
    this.#isSent = true
    return [{ type: "answer_note", ...this.#ids, text: this.text }]
  }

  noted({ answer_id }) {
    if (answer_id === this.#ids.answer_id) this.state = "saved"
  }

  // Whether the error is about the note.
  failed({ question_id }) {
    if (this.state !== "sending" || question_id !== this.#ids.question_id) return false
    this.state = "refused"
    return true
  }
}
