/*
 * How an answer stands to the time that is planned for it: what is left, or how much is over. Nothing
 * ends with it. Null where no time is planned.
 */
export function softLimit(plannedSeconds, recordedMs) {
  if (!plannedSeconds) return null
  const leftMs = plannedSeconds * 1000 - recordedMs
  return { leftMs: Math.max(0, leftMs), overMs: Math.max(0, -leftMs), isOver: leftMs <= 0 }
}
