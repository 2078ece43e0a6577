// Where in an answer somebody listens, and what is said there. Times are milliseconds.

const STEPS_MS = new Map([
  ["ArrowLeft", -1000], ["ArrowDown", -1000], ["PageDown", -10000],
  ["ArrowRight", 1000], ["ArrowUp", 1000], ["PageUp", 10000]
])

// Where a key leads to; null for those that mean nothing here.
export function soughtBy(key, ms, endMs) {
  if (key === "Home") return 0
  if (key === "End") return endMs
  return STEPS_MS.has(key) ? Math.min(endMs, Math.max(0, ms + STEPS_MS.get(key))) : null
}

// The index of the last that has begun, -1 before the first. `starts` ascend.
export function indexAt(starts, ms) {
  return starts.findLastIndex((start) => start <= ms)
}
