import { spokenDuration } from "../models/duration.js"
import { livenessOf } from "../models/liveness.js"
import { ObservedInterview } from "../models/observed_interview.js"
import { LiveSocket } from "../net/live_socket.js"
import { part, write } from "./parts.js"
import { phrase } from "./phrases.js"

const CLOSED = new Map([
  [4401, "signed_out"],
  [4403, "no_right"],
  [4404, "no_right"]
])
const TICK_MS = 1000

/*
 * What shows an interview as it happens. Subclasses draw: `render()` everything, `renderChange(message)`
 * no more than what the message changes, so that a word costs the same however many there are.
 */
export class ObservingElement extends HTMLElement {
  interview = new ObservedInterview()
  #socket = null
  #connection = "connecting"
  #ticking = null

  connectedCallback() {
    this.#socket = new LiveSocket(
      this.dataset.socket,
      {
        connected: () => this.#connected(),
        received: (message) => this.#received(message),
        disconnected: (code) => this.#disconnected(code)
      },
      { ping: false }
    )
    this.#socket.open()
    this.#ticking = setInterval(() => this.#showLiveness(), TICK_MS)
    this.#showLiveness()
  }

  disconnectedCallback() {
    this.#socket.close()
    clearInterval(this.#ticking)
  }

  showStatus() {
    const { status } = this.interview.interview
    write(this, "status", phrase(`status.${status}`))
    part(this, "status").dataset.status = status
    const total = this.interview.questions.length
    write(this, "progress", phrase("progress", { answered: this.interview.answeredCount, total }))
  }

  #connected() {
    this.#connection = "connected"
    this.interview.connected(performance.now())
    this.#showLiveness()
  }

  #received(message) {
    const outcome = this.interview.receive(message, performance.now())
    if (outcome === "resync") this.#socket.send({ type: "resync" })
    if (message.type === "heartbeat") this.#socket.send({ type: "seen", revision: message.revision })
    else if (message.type === "snapshot") this.render()
    else if (outcome === "applied" || (message.type === "presence" && this.interview.interview))
      this.renderChange(message)
    this.#showLiveness()
  }

  #disconnected(code) {
    this.#connection = CLOSED.get(code) ?? "reconnecting"
    this.interview.disconnected()
    if (this.interview.interview) this.render()
    this.#showLiveness()
    return !CLOSED.has(code)
  }

  // The time that has passed is not told again and again to who listens to the page: what it is about is.
  #showLiveness() {
    const { name, ms } = livenessOf(this.#connection, this.interview, performance.now())
    const time = ms === null ? "" : spokenDuration(Math.round(ms / 1000), document.documentElement.lang)
    write(this, "connection", phrase(`connection.${name}`, { time }))
    if (part(this, "connection").dataset.state === name) return
    part(this, "connection").dataset.state = name
    write(this, "announced", part(this, "connection").textContent)
  }
}
