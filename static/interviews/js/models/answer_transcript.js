// The words of one answer: finals by their number, and the interim of the open segment after them.
export class AnswerTranscript {
  interim = null
  #finals = new Map()

  constructor(segments = []) {
    for (const segment of segments) this.#finals.set(segment.segment, segment)
  }

  apply(transcription) {
    if (transcription.is_final) {
      this.#finals.set(transcription.segment, transcription)
      if (this.interim && this.interim.segment <= transcription.segment) this.interim = null
    } else if (!this.#finals.has(transcription.segment)) {
      this.interim = transcription
    }
  }

  // No more words come: what is still open was not meant to be kept.
  close() {
    this.interim = null
  }

  get finals() {
    return [...this.#finals.values()].sort((a, b) => a.segment - b.segment)
  }
}
