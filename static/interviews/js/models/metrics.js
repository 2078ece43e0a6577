// The four metrics, as text; null where nothing was measured. The server's filter of the same name
// shows them alike in the pages that it renders.
const FORMATS = {
  speaking_rate_wpm: (value) => value.toFixed(0),
  confidence_score: (value) => `${(value * 100).toFixed(0)} %`,
  fluency_score: (value) => value.toFixed(2),
  intonation_score: (value) => value.toFixed(2)
}

export function metricText(name, metrics) {
  const value = metrics?.[name]
  return value === null || value === undefined ? null : FORMATS[name](value)
}
