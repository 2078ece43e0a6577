import { duration, spokenDuration } from "../models/duration.js"
import { show } from "./parts.js"
import { phrase } from "./phrases.js"

// What is saved of an interview that its candidate has paused.
class SessionPause extends HTMLElement {
  show(session) {
    const { question, takes } = session
    show(this, "answers", phrase("paused.answers", { answered: question.index - 1, total: question.total }))
    show(this, "answer", this.#begun(session) ?? (takes.areThere ? phrase("paused.takes") : ""))
  }

  // What becomes of an answer that was begun; null if none was.
  #begun({ upload, limits, delivery }) {
    if (!upload?.recordedMs) return null
    const left = spoken(upload.unsavedMs)
    if (!upload.isSaved) return phrase(delivery === "away" ? "paused.kept" : "paused.saving", { left })
    return phrase("paused.answer", {
      time: duration(upload.savedMs),
      wait: spoken(limits.answer_grace_seconds * 1000)
    })
  }
}

function spoken(ms) {
  return spokenDuration(Math.max(1, Math.round(ms / 1000)), document.documentElement.lang)
}

customElements.define("session-pause", SessionPause)
