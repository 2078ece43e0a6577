import { LiveSocket } from "../net/live_socket.js"
import { phrase } from "./phrases.js"

const FINAL_CLOSES = new Set([4401, 4403])

// The interviews that are going on, as they come and go, and how far those in the table are.
class LiveLobby extends HTMLElement {
  #socket = null

  connectedCallback() {
    this.#socket = new LiveSocket(this.dataset.socket, {
      connected: () => this.#showConnection("connected"),
      received: (message) => this.#received(message),
      disconnected: (code) => this.#disconnected(code)
    })
    this.#socket.open()
  }

  disconnectedCallback() {
    this.#socket.close()
  }

  #received(message) {
    if (message.type !== "lobby") return
    this.#socket.send({ type: "seen" })
    const live = message.interviews.filter(({ status }) => status === "in_progress")
    this.#list.replaceChildren(...live.map((interview) => this.#entry(interview)))
    this.querySelector("[data-part=none]").hidden = live.length > 0
    for (const interview of message.interviews) this.#showRow(interview)
  }

  #disconnected(code) {
    this.#showConnection(FINAL_CLOSES.has(code) ? "signed_out" : "reconnecting")
    return !FINAL_CLOSES.has(code)
  }

  #entry(interview) {
    const entry = this.querySelector("template").content.firstElementChild.cloneNode(true)
    const link = entry.querySelector("a")
    link.href = interview.url
    link.textContent = interview.candidate_name
    entry.querySelector("[data-part=title]").textContent = interview.title
    entry.querySelector("[data-part=progress]").textContent = phrase("progress", interview)
    return entry
  }

  #showRow(interview) {
    const row = this.querySelector(`tr[data-interview="${interview.interview_id}"]`)
    if (!row) return
    const badge = row.querySelector(".badge")
    badge.dataset.status = interview.status
    badge.textContent = phrase(`status.${interview.status}`)
    row.querySelector("[data-part=progress]").textContent = phrase("progress", interview)
  }

  #showConnection(connection) {
    const part = this.querySelector("[data-part=connection]")
    part.textContent = phrase(`connection.${connection}`)
    part.dataset.state = connection
  }

  get #list() {
    return this.querySelector("[data-part=live]")
  }
}

customElements.define("live-lobby", LiveLobby)
