import { decimal, isGiven, readingText, recentText } from "../models/measures.js"
import { part, write } from "./parts.js"
import { phrase } from "./phrases.js"

// The measures of an answer in the rows that the server wrote; of one that goes on, its last seconds beside.
class MeasureList extends HTMLElement {
  show(metrics, recent = null) {
    for (const place of this.querySelectorAll("[data-part=windows], [data-part=recent]"))
      place.hidden = !recent
    for (const row of this.querySelectorAll("[data-measure]")) this.#showMeasure(row, metrics, recent)
    for (const row of this.querySelectorAll("[data-score]")) this.#showScore(row, metrics, recent)
  }

  #showMeasure(row, metrics, recent) {
    const { measure, digits } = row.dataset
    const reading = metrics.measures[measure]
    row.hidden = !reading
    if (!reading) return
    const isOk = isGiven(reading)
    writeValue(
      row,
      isOk ? readingText(reading, digits, phrase, this.#language) : row.dataset[reading.status],
      isOk
    )
    if (recent)
      write(row, "recent-value", recentText(recent.measures[measure], digits, this.#language) ?? "–")
  }

  #showScore(row, metrics, recent) {
    const { score, unavailable } = row.dataset
    const value = metrics[score]
    writeValue(row, value === null ? unavailable : decimal(value, 2, this.#language), value !== null)
    if (recent)
      write(row, "recent-value", recent[score] === null ? "–" : decimal(recent[score], 2, this.#language))
  }

  get #language() {
    return document.documentElement.lang
  }

  // The main figures in a sentence, for who can't see the drawing.
  get summary() {
    const rows = [...this.querySelectorAll("[data-main]:not([hidden])")]
    return phrase("plot.summary", {
      figures: rows
        .map((row) => `${part(row, "name").textContent}: ${part(row, "value").textContent}`)
        .join("; ")
    })
  }
}

function writeValue(row, text, given) {
  write(row, "value", text)
  part(row, "value").classList.toggle("measures__value--none", !given)
}

customElements.define("measure-list", MeasureList)
