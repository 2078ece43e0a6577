// A name that nobody else makes up. (crypto.randomUUID is for pages on https alone.)
export function newId() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))]
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

/*
 * Somebody's notes on an interview: those that the server has, and those that it is still to be told of.
 * A note is { id, kind, text, question_id, answer_id, at_ms }; a changed one is another object.
 */
export class Notes {
  #notes = new Map()
  // What is to be sent, by id: "keep" or "throw_away".
  #unsent = new Map()
  #refusals = new Map()

  // `unsent` is what an earlier page had not sent.
  constructor(unsent = []) {
    for (const { verb, note } of unsent) this.#do(verb, note)
  }

  // What is not sent yet is later than what the server has.
  restore(notes) {
    const unsent = this.unsent
    this.#notes = new Map(notes.map((note) => [note.id, note]))
    for (const { verb, note } of unsent) this.#do(verb, note)
  }

  keep(note) {
    this.#refusals.delete(note.id)
    this.#do("keep", note)
  }

  throwAway(id) {
    const note = this.#notes.get(id)
    this.#refusals.delete(id)
    if (note) this.#do("throw_away", note)
  }

  // In the order in which they were made.
  get unsent() {
    return [...this.#unsent.values()]
  }

  // The first of those that may be sent.
  get next() {
    return this.unsent.find(({ note }) => !this.#refusals.has(note.id)) ?? null
  }

  // Unless it has changed again meanwhile.
  sent(task) {
    if (this.#unsent.get(task.note.id) === task) this.#unsent.delete(task.note.id)
  }

  refused({ note }, reason) {
    this.#refusals.set(note.id, reason)
  }

  // Those on a question, in the order of the answer; null for those on the interview itself.
  on(questionId) {
    const notes = [...this.#notes.values()].filter(({ question_id }) => (question_id ?? null) === questionId)
    return notes.sort((a, b) => (a.at_ms ?? -1) - (b.at_ms ?? -1))
  }

  get(id) {
    return this.#notes.get(id)
  }

  isUnsent(id) {
    return this.#unsent.has(id)
  }

  refusal(id) {
    return this.#refusals.get(id) ?? null
  }

  #do(verb, note) {
    if (verb === "keep") this.#notes.set(note.id, note)
    else this.#notes.delete(note.id)
    this.#unsent.set(note.id, { verb, note })
  }
}
