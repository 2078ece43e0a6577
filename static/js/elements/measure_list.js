import { decimal, isGiven, readingText } from "../models/measures.js"
import { phrase } from "./phrases.js"

// The measures of an answer, or of its last seconds, in the rows that the server wrote.
class MeasureList extends HTMLElement {
  show(metrics) {
    const { lang: language } = document.documentElement
    for (const row of this.querySelectorAll("[data-measure]")) {
      const reading = metrics.measures[row.dataset.measure]
      row.hidden = !reading
      if (!reading) continue
      const isOk = isGiven(reading)
      write(row, isOk ? readingText(reading, row.dataset.digits, phrase, language) : row.dataset[reading.status], isOk)
    }
    for (const row of this.querySelectorAll("[data-score]")) {
      const value = metrics[row.dataset.score]
      write(row, value === null ? row.dataset.unavailable : decimal(value, 2, language), value !== null)
    }
  }

  // The main figures in a sentence, for who can't see the drawing.
  get summary() {
    const rows = [...this.querySelectorAll("[data-main]:not([hidden])")]
    return phrase("plot.summary", {
      figures: rows.map((row) => `${part(row, "name").textContent}: ${part(row, "value").textContent}`).join("; ")
    })
  }
}

function write(row, text, given) {
  const value = part(row, "value")
  if (value.textContent !== text) value.textContent = text
  value.classList.toggle("measures__value--none", !given)
}

function part(row, name) {
  return row.querySelector(`[data-part=${name}]`)
}

customElements.define("measure-list", MeasureList)
