const FIRST_MS = 500
const LONGEST_MS = 10000

// How long to wait before the next attempt: twice as long each time, and spread by chance, so that
// a server that comes back isn't met by everyone at once.
export class Backoff {
  #random
  #attempts = 0

  constructor(random = Math.random) {
    this.#random = random
  }

  nextDelayMs({ afterMs = 0, longestMs = LONGEST_MS } = {}) {
    const ceiling = Math.min(longestMs, FIRST_MS * 2 ** this.#attempts)
    this.#attempts++
    return afterMs + ceiling * (0.5 + this.#random() / 2)
  }

  reset() {
    this.#attempts = 0
  }
}
