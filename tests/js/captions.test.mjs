import assert from "node:assert/strict"
import { test } from "node:test"

import { rememberCaptions, rememberedCaptions } from "../../static/interviews/js/models/captions.js"

class Storage {
  #items = new Map()

  getItem(key) {
    return this.#items.get(key) ?? null
  }

  setItem(key, value) {
    this.#items.set(key, value)
  }
}

const refused = () => {
  throw new Error("denied")
}

test("they are of the usual size until another one is chosen", () => {
  const storage = new Storage()
  assert.equal(
    rememberedCaptions(() => storage),
    "normal"
  )

  rememberCaptions(() => storage, "off")

  assert.equal(
    rememberedCaptions(() => storage),
    "off"
  )
})

test("a browser that keeps nothing shows them all the same", () => {
  rememberCaptions(refused, "large")

  assert.equal(rememberedCaptions(refused), "normal")
})
