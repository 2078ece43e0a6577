// How measures are said. The server writes them alike in the pages that it renders
// (`interviews/templatetags/measures.py`); names, digits and reasons come from there, with the page.

// A reading's value with its unit. `phrase` gives a sentence of the page's own, null where it has none.
export function readingText({ value, unit }, digits, phrase, language) {
  const number = numberText({ value, unit }, digits, language)
  return phrase(`unit.${unit}`, { value: number }) ?? `${number} ${unit}`
}

// Beside one with its unit: the number alone, or null.
export function recentText(reading, digits, language) {
  return isGiven(reading) ? numberText(reading, digits, language) : null
}

function numberText({ value, unit }, digits, language) {
  return decimal(unit === "ratio" ? value * 100 : value, digits, language)
}

export function decimal(value, digits, language) {
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }
  return value.toLocaleString(language, form).replace("-", "\u2212")
}

// Answers of before have their four values and no measures.
export function isMeasured(metrics) {
  return Object.keys(metrics?.measures ?? {}).length > 0
}

export function isGiven(reading) {
  return reading?.status === "ok"
}
