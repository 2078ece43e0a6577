import assert from "node:assert/strict"
import { test } from "node:test"

import { Countdown } from "../../static/interviews/js/models/countdown.js"

test("it counts down to nothing", () => {
  const countdown = new Countdown(27, 5000)

  assert.equal(countdown.secondsLeft(5000), 27)
  assert.equal(countdown.secondsLeft(31_500), 1)
  assert.equal(countdown.isOver(31_999), false)
  assert.equal(countdown.isOver(32_000), true)
  assert.equal(countdown.secondsLeft(99_000), 0)
})

for (const said of [[90, 60, 30, 10], [27, 10], [10], [5]]) {
  test(`${said[0]} seconds are said aloud ${said.length} times`, () => {
    const countdown = new Countdown(said[0], 0)
    const heard = []

    for (let now = 0; now <= said[0] * 1000; now += 250) {
      if (countdown.isToBeSaid(now)) heard.push(countdown.secondsLeft(now))
    }

    assert.deepEqual(heard, said)
  })
}

test("a page that was asleep says once how much is left", () => {
  const countdown = new Countdown(90, 0)
  countdown.isToBeSaid(0)

  assert.equal(countdown.isToBeSaid(75_000), true)
  assert.equal(countdown.isToBeSaid(76_000), false)
})
