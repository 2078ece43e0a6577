/*
 * When the words of a shown text are said. The text may be a reviewer's, or have capitals and commas that
 * the recogniser's words lack: what both have in common, in their order, keeps its time.
 */

// Beyond it, comparing each with each would be felt; such a text is heard from its beginning.
const MOST_COMPARISONS = 400000

/*
 * The text's words as {start, end, startMs, isTimed}: its characters from `start` to `end`. One without a
 * time of its own has that of the one before it, the first one `startMs`.
 */
export function timedText(text, words, startMs) {
  const tokens = [...text.matchAll(/\S+/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length
  }))
  const times = timesOf(
    tokens.map(({ start, end }) => folded(text.slice(start, end))),
    words
  )
  let ms = startMs
  return tokens.map((token, index) => {
    const isTimed = times[index] !== undefined
    ms = isTimed ? Math.max(ms, times[index]) : ms
    return { ...token, startMs: ms, isTimed }
  })
}

function timesOf(names, words) {
  const spoken = words.map(({ word }) => folded(word))
  const times = []
  const [head, tail] = commonEnds(names, spoken)
  for (let n = 0; n < head; n++) times[n] = words[n].start_ms
  for (let n = 1; n <= tail; n++) times[names.length - n] = words[words.length - n].start_ms
  const inner = [names.slice(head, names.length - tail), spoken.slice(head, spoken.length - tail)]
  for (const [name, word] of commonWords(...inner)) times[head + name] = words[head + word].start_ms
  return times
}

function commonEnds(one, other) {
  const most = Math.min(one.length, other.length)
  let head = 0
  while (head < most && one[head] === other[head]) head++
  let tail = 0
  while (tail < most - head && one.at(-1 - tail) === other.at(-1 - tail)) tail++
  return [head, tail]
}

// The longest common subsequence, as pairs of indices.
function commonWords(one, other) {
  if (one.length * other.length > MOST_COMPARISONS) return []
  const lengths = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1))
  for (let a = one.length - 1; a >= 0; a--) {
    for (let b = other.length - 1; b >= 0; b--) {
      lengths[a][b] =
        one[a] === other[b] ? lengths[a + 1][b + 1] + 1 : Math.max(lengths[a + 1][b], lengths[a][b + 1])
    }
  }
  const pairs = []
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    if (one[a] === other[b]) pairs.push([a++, b++])
    else if (lengths[a + 1][b] >= lengths[a][b + 1]) a++
    else b++
  }
  return pairs
}

function folded(word) {
  return word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")
}
