// What keeps audio beyond this page where nothing can: it is lost when the page is.
export const NOT_KEPT = {
  answerId: null,
  questionId: null,
  chunks: [],
  first: 0,
  bound: 0,
  state: "recording",
  isKept: false,
  mayBeSent: true,
  goOn() {},
  add() {},
  number() {},
  drop() {},
  mark() {},
  discard() {}
}
