import assert from "node:assert/strict"
import { test } from "node:test"

import { voiceFor } from "../../static/interviews/js/models/voices.js"

const voice = (lang, localService = true) => ({ lang, localService })
const chosen = (language, ...voices) => voiceFor(voices, language)?.lang ?? null

test("the language's own region comes first", () => {
  assert.equal(chosen("en-GB", voice("en-US"), voice("en-GB", false)), "en-GB")
})

test("any region is better than none", () => {
  assert.equal(chosen("en-GB", voice("de-DE"), voice("en-US")), "en-US")
  assert.equal(chosen("en", voice("en-AU")), "en-AU")
})

test("of two alike the one on the device reads", () => {
  const [service, device] = [voice("en-US", false), voice("en_US")]

  assert.equal(voiceFor([service, device], "en-US"), device)
})

test("no voice in the language, no reading", () => {
  assert.equal(chosen("fi-FI", voice("fil-PH"), voice("en-US")), null)
  assert.equal(chosen("en-US"), null)
})
