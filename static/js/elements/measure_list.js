import { decimal, isGiven, readingText, recentText } from "../models/measures.js"
import { phrase } from "./phrases.js"

// The measures of an answer in the rows that the server wrote; of one that goes on, its last seconds beside.
class MeasureList extends HTMLElement {
  show(metrics, recent = null) {
    for (const part of this.querySelectorAll("[data-part=windows], [data-part=recent]")) part.hidden = !recent
    for (const row of this.querySelectorAll("[data-measure]")) this.#showMeasure(row, metrics, recent)
    for (const row of this.querySelectorAll("[data-score]")) this.#showScore(row, metrics, recent)
  }

  #showMeasure(row, metrics, recent) {
    const { measure, digits } = row.dataset
    const reading = metrics.measures[measure]
    row.hidden = !reading
    if (!reading) return
    const isOk = isGiven(reading)
    write(row, isOk ? readingText(reading, digits, phrase, this.#language) : row.dataset[reading.status], isOk)
    if (recent) put(row, "recent-value", recentText(recent.measures[measure], digits, this.#language) ?? "–")
  }

  #showScore(row, metrics, recent) {
    const { score, unavailable } = row.dataset
    const value = metrics[score]
    write(row, value === null ? unavailable : decimal(value, 2, this.#language), value !== null)
    if (recent) put(row, "recent-value", recent[score] === null ? "–" : decimal(recent[score], 2, this.#language))
  }

  get #language() {
    return document.documentElement.lang
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
  put(row, "value", text)
  part(row, "value").classList.toggle("measures__value--none", !given)
}

function put(row, name, text) {
  const target = part(row, name)
  if (target.textContent !== text) target.textContent = text
}

function part(row, name) {
  return row.querySelector(`[data-part=${name}]`)
}

customElements.define("measure-list", MeasureList)
