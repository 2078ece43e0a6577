// Where a take is kept, as storage/kept_take.js is: it holds what an earlier page left and notes what it is told.
export class FakeTake {
  isKept = true
  mayBeSent = true
  questionId = "q1"
  answerId = null
  chunks = []
  first = 0
  bound = 0
  state = "recording"
  told = []

  constructor(left = {}) {
    Object.assign(this, left)
  }

  goOn() {}

  add() {
    this.told.push("add")
  }

  number(answerId, nextIndex) {
    this.told.push(["number", answerId, nextIndex])
  }

  drop(belowIndex) {
    this.told.push(["drop", belowIndex])
  }

  mark(state) {
    this.told.push(state)
  }

  discard() {
    this.told.push("discard")
  }
}
