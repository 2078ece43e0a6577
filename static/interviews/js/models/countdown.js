// How much is left when it is said aloud: often enough to know, seldom enough to think.
const SAID_AT_SECONDS = [60, 30, 10]

/*
 * The time to think until recording begins. It reads no clock: `now` is in milliseconds, whoever
 * shows it asks now and then.
 */
export class Countdown {
  #endsAt
  #unsaid

  constructor(seconds, now) {
    this.#endsAt = now + seconds * 1000
    this.#unsaid = [seconds, ...SAID_AT_SECONDS.filter((mark) => mark < seconds)]
  }

  secondsLeft(now) {
    return Math.max(0, Math.ceil((this.#endsAt - now) / 1000))
  }

  isOver(now) {
    return now >= this.#endsAt
  }

  // Whether what is left is to be said aloud now. A page that was asleep says it once.
  isToBeSaid(now) {
    const passed = this.#unsaid.filter((mark) => mark >= this.secondsLeft(now))
    this.#unsaid = this.#unsaid.slice(passed.length)
    return passed.length > 0 && !this.isOver(now)
  }
}
