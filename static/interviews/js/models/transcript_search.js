// What is looked for in a transcript, without regard to capitals, accents and how many spaces there are.

export class TranscriptSearch {
  #folded
  matches = []
  index = -1

  constructor(texts) {
    this.#folded = texts.map(fold)
  }

  // Each match as {text, start, end}: the number of its text, and the characters in it.
  find(query) {
    const wanted = fold(query.trim()).text
    this.matches = wanted ? this.#folded.flatMap((folded, text) => placesIn(folded, wanted, text)) : []
    this.index = -1
    return this.matches
  }

  // Goes to the next match, or with -1 to the one before, and after the last to the first.
  step(by) {
    const count = this.matches.length
    if (!count) return null
    const from = this.index < 0 && by < 0 ? 0 : this.index
    this.index = (from + by + count) % count
    return this.matches[this.index]
  }
}

function placesIn({ text: folded, places }, wanted, text) {
  const found = []
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
    found.push({ text, start: places[at], end: places[at + wanted.length - 1] + 1 })
  }
  return found
}

// The text as it is compared, and for each of its characters the place where it came from.
function fold(source) {
  let text = ""
  const places = []
  let at = 0
  for (const character of source) {
    const plain = /\s/.test(character) ? " " : character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    if (plain !== " " || !text.endsWith(" ")) {
      text += plain
      for (let n = 0; n < plain.length; n++) places.push(at)
    }
    at += character.length
  }
  return { text, places }
}
