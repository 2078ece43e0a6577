/*
 * The takes of the question that is asked, as the server told them with it. Only those are there that
 * wait for a choice: where a question is answered once, there are none.
 */
export class QuestionTakes {
  ended
  allowed

  constructor({ takes = [], takes_allowed = 1 } = {}) {
    this.ended = takes
    this.allowed = takes_allowed
  }

  find(answerId) {
    return this.ended.find(({ answer_id }) => answer_id === answerId)
  }

  has(answerId) {
    return this.find(answerId) !== undefined
  }

  get areThere() {
    return this.ended.length > 0
  }

  // The number of the take that could be recorded next; null if there may be no more.
  get next() {
    return this.ended.length < this.allowed ? this.ended.length + 1 : null
  }
}
