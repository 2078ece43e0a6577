import { Microphone, MicrophoneError } from "../audio/microphone.js"
import { PcmPlayer } from "../audio/pcm_player.js"
import { duration } from "../models/duration.js"
import { PracticeRound } from "../models/practice_round.js"
import { LiveSocket } from "../net/live_socket.js"
import { part, show } from "./parts.js"
import { phrase } from "./phrases.js"
import "./level_bar.js"
import "./live_transcript.js"

/*
 * Trying out before the interview whether one is heard and understood. With the element goes everything that
 * was said.
 */
class PracticeRoundElement extends HTMLElement {
  #round = new PracticeRound(0)
  #player = new PcmPlayer()
  #microphone = null
  #socket = null
  #opening = 0
  #isPlaying = false
  #step = "ready"

  connectedCallback() {
    this.addEventListener("click", this.#clicked)
    this.#check.addEventListener("microphonechange", this.#render)
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#clicked)
    this.#check.removeEventListener("microphonechange", this.#render)
    this.#leave()
    this.#player.stop()
  }

  #clicked = ({ target }) => {
    const actions = {
      practise: this.#start,
      "practise-stop": this.#stop,
      "practise-listen": this.#listen
    }
    actions[target.closest("button[data-action]")?.dataset.action]?.call(this)
  }

  async #start() {
    this.#check.pause()
    this.#player.stop()
    const round = new PracticeRound(Number(this.dataset.seconds))
    this.#round = round
    const opening = ++this.#opening
    round.start()
    this.#connect(round)
    this.#render()
    try {
      const microphone = await Microphone.open(this.#check.deviceId, {
        chunk: (pcm) => this.#recorded(round, pcm),
        lost: () => this.#fail(round, "lost")
      })
      if (opening !== this.#opening || round.step !== "recording") return microphone.close()
      this.#microphone = microphone
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error
      this.#fail(round, error.reason)
    }
  }

  #connect(round) {
    this.#socket = new LiveSocket(this.dataset.socket, {
      connected: () => {},
      received: (message) => this.#received(round, message),
      disconnected: () => this.#disconnected(round)
    })
    this.#socket.open()
  }

  #recorded(round, pcm) {
    if (round !== this.#round || round.step !== "recording") return
    if (!round.addAudio(pcm)) this.#stop()
    this.querySelector("level-bar").show(round.meter.level)
    this.#flush()
  }

  async #stop() {
    const round = this.#round
    const microphone = this.#microphone
    this.#microphone = null
    await microphone?.stop()
    round.stop()
    this.#flush()
  }

  #received(round, message) {
    if (round !== this.#round) return
    round.receive(message)
    this.#flush()
  }

  // It is not tried again by itself.
  #disconnected(round) {
    round.disconnected()
    if (round === this.#round) this.#render()
    return false
  }

  #fail(round, problem) {
    if (round !== this.#round) return
    round.fail(problem)
    this.#render()
  }

  #flush() {
    for (const message of this.#round.takeOutgoing()) this.#socket.send(message)
    this.#render()
  }

  #listen() {
    if (this.#isPlaying) return this.#player.stop()
    this.#isPlaying = true
    this.#player.play(this.#round.chunks, () => {
      this.#isPlaying = false
      if (this.isConnected) this.#render()
    })
    this.#render()
  }

  #leave() {
    this.#opening++
    this.#microphone?.close()
    this.#microphone = null
    this.#socket?.close()
    this.#socket = null
  }

  #render = () => {
    const { step, transcript, problem, recordedMs, isUnderWay } = this.#round
    const isNews = step !== this.#step
    this.#step = step
    if (isNews && !isUnderWay) this.#end()
    this.hidden = !this.#check.isUsable
    show(this, "practice-problem", problem ? this.#problemText(problem) : "")
    part(this, "practice-recording").hidden = step !== "recording"
    part(this, "practice-finishing").hidden = step !== "finishing"
    part(this, "practice-elapsed").textContent = duration(recordedMs)
    part(this, "practice-said").hidden = step === "ready" || step === "failed"
    part(this, "practice-result").hidden = step !== "done"
    this.querySelector("live-transcript").show(transcript.finals, transcript.interim)
    this.#showActions()
    if (isNews) this.#moveFocus(step)
  }

  // The microphone is the check's again.
  #end() {
    this.#leave()
    this.#check.resume()
    if (this.#round.step === "done") this.#showResult()
  }

  #showResult() {
    const { transcript, advice } = this.#round
    show(this, "practice-advice", phrase(`advice.${advice}`))
    part(this, "practice-advice").classList.toggle("notice--good", advice === "clear")
    part(this, "practice-advice").classList.toggle("notice--warning", advice !== "clear")
    part(this, "practice-wordless").hidden = transcript.finals.length > 0
  }

  #showActions() {
    const { step, isUnderWay, chunks } = this.#round
    const practise = this.#action("practise")
    practise.hidden = isUnderWay
    practise.textContent = phrase(step === "ready" ? "practice.start" : "practice.again")
    this.#action("practise-listen").hidden = step !== "done" || chunks.length === 0
    this.#action("practise-listen").textContent = phrase(
      this.#isPlaying ? "practice.quiet" : "practice.listen"
    )
  }

  #moveFocus(step) {
    if (step === "recording") this.#action("practise-stop").focus()
    if (step === "done") part(this, "practice-heading").focus()
  }

  #problemText(problem) {
    return phrase(`practice.${problem}`) ?? phrase(`microphone.${problem}`) ?? phrase("practice.failed")
  }

  #action(name) {
    return this.querySelector(`[data-action=${name}]`)
  }

  get #check() {
    return document.querySelector("microphone-check")
  }
}

customElements.define("practice-round", PracticeRoundElement)
