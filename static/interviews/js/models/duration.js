// Milliseconds as minutes and seconds: 83400 → "1:23".
export function duration(ms) {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

// Seconds as somebody would say them: 30 → "30 seconds", 180 → "3 minutes".
export function spokenDuration(seconds, language) {
  const [value, unit] = seconds < 120 ? [seconds, "second"] : [Math.round(seconds / 60), "minute"]
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value)
}
