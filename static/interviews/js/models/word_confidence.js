/*
 * A segment's text in runs, so that words of which the recogniser was less sure than `below` (0 to 1) can
 * be marked: each of them is a run of its own with its `confidence`. Where the recogniser reports none,
 * nothing is marked. Words in a row, with blanks between, are the text; if they are not, they are not its.
 */
export function runsOf({ text, words = [] }, below) {
  const isItsText = words.map(({ word }) => word).join(" ") === text
  if (!isItsText || !words.some((word) => isUnsure(word, below))) return [{ text, confidence: null }]
  const runs = []
  words.forEach((word, index) => {
    if (index) append(runs, " ")
    if (isUnsure(word, below)) runs.push({ text: word.word, confidence: word.confidence })
    else append(runs, word.word)
  })
  return runs
}

function isUnsure({ confidence }, below) {
  return typeof confidence === "number" && confidence < below
}

function append(runs, text) {
  if (runs.at(-1)?.confidence === null) runs.at(-1).text += text
  else runs.push({ text, confidence: null })
}
