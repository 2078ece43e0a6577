import { LiveSocket } from "../net/live_socket.js"
import { part, show } from "./parts.js"
import { phrase } from "./phrases.js"

const FINAL_CLOSES = new Set([4401, 4403])

// The list of interviews, which the server shows anew as soon as the socket says that it would look
// otherwise: `digest` names how it looks.
class LiveLobby extends HTMLElement {
  #socket = null
  #wanted = null

  connectedCallback() {
    this.#socket = new LiveSocket(this.dataset.socket, {
      connected: () => this.#showConnection("connected"),
      received: (message) => this.#received(message),
      disconnected: (code) => this.#disconnected(code)
    })
    this.#socket.open()
    this.#showConnection("connecting")
  }

  disconnectedCallback() {
    this.#socket.close()
    this.#wanted = null
  }

  #received(message) {
    if (message.type !== "lobby") return
    this.#socket.send({ type: "seen" })
    this.#wanted = message.digest
    if (message.digest !== this.dataset.digest) this.#refresh(message)
  }

  async #refresh({ digest, counts }) {
    let text
    try {
      text = await (await fetch(location.href)).text()
    } catch {
      // The network is away, and so is the socket, which says so. It sends the list again when it is back.
      return
    }
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("live-lobby")
    if (!fresh || this.#wanted !== digest) return
    this.#takeOver(fresh)
    part(this, "counts").textContent = phrase("counts", counts)
  }

  #takeOver(fresh) {
    const focused = this.contains(document.activeElement) ? document.activeElement.id : null
    for (const name of ["groups", "found"]) {
      part(this, name).replaceWith(part(fresh, name))
    }
    this.dataset.digest = fresh.dataset.digest
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true })
  }

  #disconnected(code) {
    this.#showConnection(FINAL_CLOSES.has(code) ? "signed_out" : "reconnecting")
    return !FINAL_CLOSES.has(code)
  }

  #showConnection(connection) {
    show(this, "connection", phrase(`connection.${connection}`))
    part(this, "connection").dataset.state = connection
  }
}

customElements.define("live-lobby", LiveLobby)
