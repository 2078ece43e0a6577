// Where in an answer somebody listens, and what is said there. Times are milliseconds.

export const SKIP_MS = 5000

const STEPS_MS = new Map([
  ["ArrowLeft", -1000],
  ["ArrowDown", -1000],
  ["PageDown", -10000],
  ["ArrowRight", 1000],
  ["ArrowUp", 1000],
  ["PageUp", 10000]
])
const COMMANDS = new Map([
  [" ", "toggle"],
  ["k", "toggle"],
  ["j", "back"],
  ["l", "forward"]
])

// Where a key on the slider leads to; null for those that mean nothing there.
export function soughtBy(key, ms, endMs) {
  if (key === "Home") return 0
  if (key === "End") return endMs
  return STEPS_MS.has(key) ? within(ms + STEPS_MS.get(key), endMs) : null
}

// What a key means while the reader is somewhere in the answer; undefined for nothing.
export function commandOf({ key, altKey, ctrlKey, metaKey }) {
  return altKey || ctrlKey || metaKey ? undefined : COMMANDS.get(key.toLowerCase())
}

export function skipped(ms, stepMs, endMs) {
  return within(ms + stepMs, endMs)
}

// The index of the last that has begun, -1 before the first. `starts` ascend.
export function indexAt(starts, ms) {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (starts[middle] <= ms) low = middle + 1
    else high = middle
  }
  return low - 1
}

function within(ms, endMs) {
  return Math.min(endMs, Math.max(0, ms))
}
