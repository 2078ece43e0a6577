import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"

import {
  adviceOn,
  DISTORTED_RATIO,
  NOISY_DB,
  QUIET_DBFS
} from "../../static/interviews/js/models/voice_advice.js"

const ok = (value) => ({ value, status: "ok" })
const none = (status) => ({ value: null, status })

function measures({ level = ok(-25), background = ok(40), clipped = ok(0) } = {}) {
  return { speech_level_dbfs: level, snr_db: background, clipped_ratio: clipped }
}

for (const [name, given, advice] of [
  ["a usual voice", {}, "clear"],
  ["a voice behind a noise gate", { background: none("unavailable") }, "clear"],
  ["a voice that is just loud enough", { level: ok(QUIET_DBFS) }, "clear"],
  ["a quiet voice", { level: ok(QUIET_DBFS - 0.1) }, "quiet"],
  ["a room that is just quiet enough", { background: ok(NOISY_DB) }, "clear"],
  ["a noisy room", { background: ok(NOISY_DB - 0.1) }, "noisy"],
  ["a voice that drowns", { level: none("noisy"), background: none("noisy") }, "noisy"],
  ["a voice over music", { level: none("noisy") }, "noisy"],
  ["a clipped voice", { clipped: ok(DISTORTED_RATIO * 1.1) }, "distorted"],
  ["a click", { clipped: ok(DISTORTED_RATIO) }, "clear"],
  ["silence", { level: none("insufficient_speech"), background: none("insufficient_speech") }, "none"],
  ["a meter that was lost", { level: none("unavailable"), clipped: none("unavailable") }, null]
]) {
  test(`${name}: ${advice}`, () => assert.equal(adviceOn(measures(given)), advice))
}

test("nothing measured, no advice", () => assert.equal(adviceOn(null), null))

test("the documentation names the same thresholds", () => {
  const text = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8").replace(/\s+/g, " ")

  assert.match(text, new RegExp(`more than ${DISTORTED_RATIO * 100} % of the samples`))
  assert.match(text, new RegExp(`less than ${NOISY_DB} dB`))
  assert.match(text, new RegExp(`below \u2212${-QUIET_DBFS} dBFS`))
})
