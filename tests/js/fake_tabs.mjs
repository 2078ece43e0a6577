import { IDBFactory, IDBKeyRange } from "fake-indexeddb"

// A browser with tabs, as far as storage goes: one IndexedDB, and locks that are held until their tab is gone.
export class FakeBrowser {
  #held = new Map()
  #waiting = []
  #tabs = 0

  constructor() {
    globalThis.indexedDB = new IDBFactory()
    globalThis.IDBKeyRange = IDBKeyRange
  }

  // What runs from now on runs in a new tab; gives what closes it.
  openTab() {
    const tab = ++this.#tabs
    const locks = { request: (name, ...rest) => this.#request(tab, name, ...rest) }
    Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true })
    return { close: () => this.#close(tab) }
  }

  // As `navigator.locks.request`, for exclusive locks.
  #request(tab, name, ...rest) {
    const callback = rest.pop()
    const { ifAvailable = false, signal = null } = rest[0] ?? {}
    if (!this.#held.has(name)) return this.#hold(tab, name, callback)
    if (ifAvailable) return Promise.resolve(callback(null))
    return new Promise((resolve, reject) => {
      const wish = { name, grant: () => this.#hold(tab, name, callback).then(resolve, reject) }
      this.#waiting.push(wish)
      signal?.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((other) => other !== wish)
        reject(signal.reason)
      })
    })
  }

  async #hold(tab, name, callback) {
    this.#held.set(name, tab)
    try {
      return await callback({ name, mode: "exclusive" })
    } finally {
      this.#release(name)
    }
  }

  #release(name) {
    this.#held.delete(name)
    const next = this.#waiting.find((wish) => wish.name === name)
    this.#waiting = this.#waiting.filter((wish) => wish !== next)
    next?.grant()
  }

  #close(tab) {
    for (const [name, holder] of [...this.#held]) if (holder === tab) this.#release(name)
  }
}
