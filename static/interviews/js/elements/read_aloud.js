import { voiceFor } from "../models/voices.js"
import { phrase } from "./phrases.js"

/*
 * Reads the text of the element that `data-text` names aloud, on request and in `data-language`. Where the
 * browser has no voice for it the button is not there. `stop` comes before any recording.
 */
class ReadAloud extends HTMLElement {
  #utterance = null

  connectedCallback() {
    if (!globalThis.speechSynthesis) return
    this.#button.addEventListener("click", this.#clicked)
    // Voices may come later than the page.
    speechSynthesis.addEventListener("voiceschanged", this.#render)
    this.#render()
  }

  disconnectedCallback() {
    if (!globalThis.speechSynthesis) return
    this.#button.removeEventListener("click", this.#clicked)
    speechSynthesis.removeEventListener("voiceschanged", this.#render)
    this.stop()
  }

  stop() {
    if (!this.#utterance) return
    speechSynthesis.cancel()
    this.#ended()
  }

  #clicked = () => {
    if (this.#utterance) this.stop()
    else this.#read()
  }

  #read() {
    const utterance = new SpeechSynthesisUtterance(this.#text)
    this.#utterance = utterance
    utterance.voice = this.#voice
    utterance.lang = this.dataset.language
    utterance.onend = utterance.onerror = () => this.#utterance === utterance && this.#ended()
    speechSynthesis.speak(utterance)
    this.#render()
  }

  #ended() {
    this.#utterance = null
    this.#render()
  }

  #render = () => {
    this.#button.hidden = !this.#voice
    this.#button.textContent = phrase(this.#utterance ? "read_aloud.stop" : "read_aloud.start")
  }

  get #voice() {
    return voiceFor(speechSynthesis.getVoices(), this.dataset.language)
  }

  get #text() {
    return document.querySelector(this.dataset.text).textContent
  }

  get #button() {
    return this.querySelector("button")
  }
}

customElements.define("read-aloud", ReadAloud)
