/*
 * The waveform of a recording, as a path of bars: few enough of them that an hour is as light as a minute.
 *
 * `peaks` are the loudest samples of equal parts, 0 to 255. Heights go with the square root, so that
 * a soft voice can be seen; the scale is the same for every answer, and a quiet one looks quiet.
 */

const BAR_PIXELS = 3
const FULL_SCALE = 255

export function peaksOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

// Of answers that have no peaks, the level stands in for them.
export function levelPeaks({ level_dbfs }) {
  return Uint8Array.from(level_dbfs, (level) =>
    Math.min(FULL_SCALE, Math.round(FULL_SCALE * 10 ** (level / 20)))
  )
}

export function waveformPath(peaks, width, height) {
  if (!peaks.length) return ""
  const count = Math.max(1, Math.floor(width / BAR_PIXELS))
  let path = ""
  for (let bar = 0; bar < count; bar++) {
    const length = Math.max(1, round(Math.sqrt(loudest(peaks, bar, count) / FULL_SCALE) * height))
    path += `M${round(((bar + 0.5) / count) * width)} ${round((height - length) / 2)}v${length}`
  }
  return path
}

function loudest(peaks, bar, count) {
  const start = Math.floor((bar * peaks.length) / count)
  const end = Math.max(start + 1, Math.floor(((bar + 1) * peaks.length) / count))
  return peaks.subarray(start, end).reduce((most, peak) => Math.max(most, peak), 0)
}

function round(value) {
  return Math.round(value * 10) / 10
}
