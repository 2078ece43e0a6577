import { ObservedInterview } from "../models/observed_interview.js"
import { LiveSocket } from "../net/live_socket.js"
import { phrase } from "./phrases.js"
import "./question_card.js"

const CLOSED = new Map([[4401, "signed_out"], [4403, "no_right"], [4404, "no_right"]])

// An interview as it happens.
class LiveDashboard extends HTMLElement {
  #interview = new ObservedInterview()
  #socket = null
  #connection = "connecting"
  #cards = new Map()

  connectedCallback() {
    this.#socket = new LiveSocket(this.dataset.socket, {
      connected: () => this.#show("connected"),
      received: (message) => this.#received(message),
      disconnected: (code) => this.#disconnected(code)
    }, { ping: false })
    this.#socket.open()
    this.#showConnection()
  }

  disconnectedCallback() {
    this.#socket.close()
  }

  #received(message) {
    const outcome = this.#interview.receive(message)
    if (outcome === "resync") this.#socket.send({ type: "resync" })
    if (message.type === "heartbeat") this.#heartbeat(message)
    else if (outcome === "applied" || message.type === "presence") this.#render()
  }

  #heartbeat({ revision }) {
    this.#socket.send({ type: "seen", revision })
    this.#showConnection()
  }

  #disconnected(code) {
    this.#interview.disconnected()
    this.#show(CLOSED.get(code) ?? "reconnecting")
    return !CLOSED.has(code)
  }

  #show(connection) {
    this.#connection = connection
    this.#render()
  }

  #render() {
    this.#showConnection()
    if (!this.#interview.interview) return
    const { status } = this.#interview.interview
    this.#write("status", phrase(`status.${status}`))
    this.#part("status").dataset.status = status
    this.#write("progress", phrase("progress", {
      answered: this.#interview.answeredCount,
      total: this.#interview.questions.length
    }))
    this.#part("watchers").replaceChildren(...this.#interview.watchers.map(listItem))
    this.#part("report").hidden = status !== "completed"
    this.#renderCards()
  }

  #renderCards() {
    for (const question of this.#interview.questions) this.#card(question).show(question, this.#interview)
    const known = new Set(this.#interview.questions.map(({ question_id }) => question_id))
    for (const [id, card] of this.#cards) {
      if (known.has(id)) continue
      card.remove()
      this.#cards.delete(id)
    }
  }

  #card({ question_id }) {
    if (!this.#cards.has(question_id)) {
      const card = document.getElementById("question-card").content.firstElementChild.cloneNode(true)
      this.#part("questions").append(card)
      this.#cards.set(question_id, card)
    }
    return this.#cards.get(question_id)
  }

  #showConnection() {
    const isLate = this.#connection === "connected" && this.#interview.interims === "late"
    const state = isLate ? "late" : this.#connection
    this.#write("connection", phrase(`connection.${state}`))
    this.#part("connection").dataset.state = state
  }

  #write(name, text) {
    const part = this.#part(name)
    if (part.textContent !== text) part.textContent = text
  }

  #part(name) {
    return this.querySelector(`[data-part=${name}]`)
  }
}

function listItem(text) {
  const item = document.createElement("li")
  item.textContent = text
  return item
}

customElements.define("live-dashboard", LiveDashboard)
