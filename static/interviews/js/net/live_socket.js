import { Backoff } from "../models/backoff.js"

const TRY_LATER = 4429
const TRY_LATER_MS = 10000
// Another server takes over, or the same one is back within seconds.
const RESTARTING = 4412
const HURRY_FOR_MS = 20000
const HURRY_MS = 1000
const CHECK_MS = 1000
const PING_AFTER_MS = 10000
const SILENT_AFTER_MS = 20000

/*
 * A WebSocket that comes back. A connection over which nothing arrives any more is given up, since
 * a network that went away closes nothing.
 *
 * `handlers`: connected(), received(message), disconnected(closeCode), which says whether to try
 * again. `ping`: whether to ask the server for a sign of life; one that gives it unasked needs none.
 * `protocols`: the subprotocols to offer.
 */
export class LiveSocket {
  #url
  #handlers
  #ping
  #protocols
  #socket = null
  #backoff = new Backoff()
  #retry = null
  #watch = null
  #lastHeard = 0
  #lastPing = 0
  #hurryUntil = 0

  constructor(path, handlers, { ping = true, protocols = [] } = {}) {
    this.#url = new URL(path, location.href)
    this.#url.protocol = location.protocol === "https:" ? "wss:" : "ws:"
    this.#handlers = handlers
    this.#ping = ping
    this.#protocols = protocols
  }

  open() {
    addEventListener("online", this.#connectNow)
    document.addEventListener("visibilitychange", this.#seen)
    this.#watch = setInterval(() => this.#checkSilence(), CHECK_MS)
    this.#connect()
  }

  close() {
    removeEventListener("online", this.#connectNow)
    document.removeEventListener("visibilitychange", this.#seen)
    clearInterval(this.#watch)
    clearTimeout(this.#retry)
    this.#drop()
  }

  // Objects go as JSON, buffers as they are. What can't be sent is lost: the caller's model knows
  // from the next connection what is missing.
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#socket.send(message instanceof ArrayBuffer ? message : JSON.stringify(message))
  }

  #connectNow = () => {
    if (!this.#retry) return
    this.#connect()
  }

  // Pages in the background are slowed down, or stopped.
  #seen = () => {
    if (document.visibilityState !== "visible") return
    this.#checkSilence()
    this.#connectNow()
  }

  #connect() {
    clearTimeout(this.#retry)
    this.#retry = null
    this.#lastHeard = this.#lastPing = performance.now()
    const socket = new WebSocket(this.#url, this.#protocols)
    this.#socket = socket
    socket.onopen = () => this.#handlers.connected()
    socket.onmessage = ({ data }) => this.#received(data)
    socket.onclose = ({ code }) => this.#closed(code)
  }

  #received(data) {
    this.#lastHeard = performance.now()
    this.#backoff.reset()
    this.#handlers.received(JSON.parse(data))
  }

  #closed(code) {
    this.#drop()
    if (!this.#handlers.disconnected(code)) return this.close()
    this.#retry = setTimeout(() => this.#connect(), this.#delayAfter(code))
  }

  #delayAfter(code) {
    if (code === TRY_LATER) return this.#backoff.nextDelayMs({ afterMs: TRY_LATER_MS })
    if (code === RESTARTING) {
      this.#backoff.reset()
      this.#hurryUntil = performance.now() + HURRY_FOR_MS
    }
    const isInHurry = performance.now() < this.#hurryUntil
    return this.#backoff.nextDelayMs(isInHurry ? { longestMs: HURRY_MS } : {})
  }

  #checkSilence() {
    if (!this.#socket) return
    const now = performance.now()
    if (now - this.#lastHeard > SILENT_AFTER_MS) {
      this.#closed(1006)
    } else if (this.#ping && now - Math.max(this.#lastHeard, this.#lastPing) > PING_AFTER_MS) {
      this.#lastPing = now
      this.send({ type: "ping" })
    }
  }

  #drop() {
    if (!this.#socket) return
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null
    this.#socket.close()
    this.#socket = null
  }
}
