// Where answers that are being recorded stand, between the messages that tell it. `now` is any even clock's.
export class AnswerClock {
  #told = new Map()

  // So much of the answer had been heard then.
  told(answerId, ms, now) {
    this.#told.set(answerId, { ms, now })
  }

  // Null where nothing has told it.
  at(answerId, now) {
    const told = this.#told.get(answerId)
    return told ? Math.round(told.ms + Math.max(0, now - told.now)) : null
  }
}
