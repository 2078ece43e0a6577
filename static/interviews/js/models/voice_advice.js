/*
 * What to say of a microphone and its room after a practice, from the measures that answers are measured
 * by (docs/metrics.md). It is advice: nothing depends on it.
 */

export const DISTORTED_RATIO = 0.001
export const NOISY_DB = 15
export const QUIET_DBFS = -45

// "none", "distorted", "noisy", "quiet" or "clear"; null where nothing was measured.
export function adviceOn(measures) {
  const { speech_level_dbfs: level, snr_db: background, clipped_ratio: clipped } = measures ?? {}
  if (!level || level.status === "unavailable") return null
  if (level.status === "insufficient_speech") return "none"
  if (clipped.value > DISTORTED_RATIO) return "distorted"
  if ([level, background].some(({ status }) => status === "noisy")) return "noisy"
  if (background.status === "ok" && background.value < NOISY_DB) return "noisy"
  return level.value < QUIET_DBFS ? "quiet" : "clear"
}

// The same as far as the level bar tells it, which hears no background.
export function adviceOnLevel(meter) {
  if (!meter.heard) return "none"
  return meter.hasClipped ? "distorted" : "clear"
}
