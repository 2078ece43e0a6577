import { isMeasured } from "./measures.js"

/*
 * The answers of an interview that is observed, each take of them. Snapshots leave out what is long: the
 * trace that is drawn, and words one by one. What is known of them stays, and what is not can be added.
 */
export class ObservedAnswers {
  #answers = new Map()

  // Of several takes the chosen one, or else the last.
  get(questionId) {
    const takes = [...this.#answers.values()].filter(({ question_id }) => question_id === questionId)
    return takes.find(({ is_chosen }) => is_chosen) ?? takes.at(-1) ?? null
  }

  restore(answers) {
    this.#answers = new Map(answers.map((answer) => [answer.answer_id, this.#completed(answer)]))
  }

  started({ question_id, answer_id, take, segments }) {
    this.#answers.set(answer_id, newAnswer({ question_id, answer_id, take, segments: [...segments] }))
  }

  // Finals come in their order, so that one more costs the same however many there are.
  said(final) {
    const { segments } = this.of(final)
    const index = segments.findLastIndex(({ segment }) => segment <= final.segment)
    const isKnown = segments[index]?.segment === final.segment
    segments.splice(isKnown ? index : index + 1, isKnown ? 1 : 0, final)
  }

  ended({ text, confidence, duration_ms, status, kind, ...ids }) {
    const answer = Object.assign(this.of(ids), { text, confidence, duration_ms, status })
    if (kind) answer.kind = kind
    if (status === "failed") this.#answers.delete(ids.answer_id)
  }

  of({ question_id, answer_id }) {
    const answer = this.#answers.get(answer_id) ?? newAnswer({ question_id, answer_id })
    this.#answers.set(answer_id, answer)
    return answer
  }

  lacksSound(questionId) {
    const answer = this.get(questionId)
    if (answer?.kind !== "voice") return false
    const lacksTrace = isEnded(answer) && isMeasured(answer.voice_metrics) && !answer.voice_metrics.trace
    return lacksTrace || answer.segments.some(({ words }) => !words)
  }

  addSound({ answer_id, trace, segments }) {
    const answer = this.#answers.get(answer_id)
    if (!answer) return
    const words = new Map(segments.map((segment) => [segment.segment, segment.words]))
    answer.segments = answer.segments.map((segment) => ({
      ...segment,
      words: segment.words ?? words.get(segment.segment)
    }))
    if (answer.voice_metrics && trace) answer.voice_metrics = { ...answer.voice_metrics, trace }
  }

  #completed(answer) {
    const known = this.#answers.get(answer.answer_id)
    if (!known) return { ...answer }
    const words = new Map(known.segments.map((segment) => [segment.segment, segment.words]))
    const segments = answer.segments.map((segment) => ({ words: words.get(segment.segment), ...segment }))
    const trace = known.voice_metrics?.trace
    const isDrawn = trace && answer.voice_metrics
    return {
      ...answer,
      segments,
      voice_metrics: isDrawn ? { ...answer.voice_metrics, trace } : answer.voice_metrics
    }
  }
}

export function isEnded(answer) {
  return answer !== null && (answer.status === "complete" || answer.status === "pending")
}

function newAnswer(fields) {
  return { kind: "voice", status: "recording", text: "", segments: [], voice_metrics: null, ...fields }
}
