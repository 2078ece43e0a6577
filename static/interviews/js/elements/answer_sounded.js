import { wholeSound, wordsOf } from "../models/answer_plot.js"
import "./answer_plot.js"
import "./measure_list.js"

// How an answer sounded, listed and drawn in `part`.
export function showSounded(part, { metrics, segments }) {
  const list = part.querySelector("measure-list")
  const plot = part.querySelector("answer-plot")
  list.show(metrics)
  plot.hidden = !metrics.trace
  if (metrics.trace) plot.show(wholeSound(metrics.trace, wordsOf(segments)), list.summary)
}
