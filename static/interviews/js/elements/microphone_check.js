import { Microphone, MicrophoneError } from "../audio/microphone.js"
import { LevelMeter } from "../models/level_meter.js"
import { CHUNK_MS } from "../models/pcm_chunker.js"
import { part } from "./parts.js"
import { phrase } from "./phrases.js"
import "./level_bar.js"

/*
 * Opens the microphone, shows how loud it is and says plainly what is wrong with it. `deviceId` is
 * the one that was chosen; `microphonechange` is sent when the microphone opens or fails, and `isUsable`
 * says which it was last. `pause` leaves it to somebody else until `resume`.
 */
class MicrophoneCheck extends HTMLElement {
  deviceId = null
  isUsable = false
  #microphone = null
  #meter = null
  #opening = 0

  connectedCallback() {
    this.#startButton.addEventListener("click", this.#start)
    this.#select.addEventListener("change", this.#choose)
    this.#startButton.disabled = false
    if (!isSecureContext) this.#fail("insecure")
  }

  disconnectedCallback() {
    this.#startButton.removeEventListener("click", this.#start)
    this.#select.removeEventListener("change", this.#choose)
    this.stop()
  }

  pause() {
    this.stop()
    this.#meterPart.hidden = true
  }

  resume() {
    this.#open()
  }

  stop() {
    this.#opening++
    this.#microphone?.close()
    this.#microphone = null
  }

  #start = () => this.#open()

  #choose = () => {
    this.deviceId = this.#select.value
    this.#open()
  }

  // A choice made while another device is being opened wins over it.
  async #open() {
    this.stop()
    const opening = this.#opening
    this.#meter = new LevelMeter()
    try {
      const microphone = await Microphone.open(this.deviceId, {
        chunk: (pcm) => this.#heard(pcm),
        lost: () => this.#fail("lost")
      })
      if (opening !== this.#opening) return microphone.close()
      this.#microphone = microphone
      await this.#showOpen()
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error
      if (opening === this.#opening) this.#fail(error.reason)
    }
  }

  async #showOpen() {
    this.deviceId = this.#microphone.deviceId
    this.isUsable = true
    this.#say(null)
    this.#startButton.hidden = true
    this.#meterPart.hidden = false
    this.#showDevices(await Microphone.devices())
    this.#changed()
  }

  #showDevices(devices) {
    this.#select.replaceChildren(...devices.map(({ deviceId, label }) => new Option(label, deviceId)))
    this.#select.value = this.deviceId
  }

  #heard(pcm) {
    this.#meter.push(pcm, CHUNK_MS)
    this.querySelector("level-bar").show(this.#meter.level)
    const verdict = phrase(`check.${this.#verdict()}`)
    const place = this.querySelector("[data-verdict]")
    if (place.textContent !== verdict) place.textContent = verdict
  }

  #verdict() {
    if (this.#meter.clipped) return "clipped"
    if (this.#meter.heard && !this.#meter.isSilent) return "heard"
    return this.#meter.isSilent ? "silent" : "listening"
  }

  #fail(reason) {
    this.stop()
    this.isUsable = false
    this.#say(phrase(`microphone.${reason}`))
    this.#startButton.hidden = reason === "insecure"
    this.#meterPart.hidden = true
    this.#changed()
  }

  #say(problem) {
    const place = this.querySelector("[data-problem]")
    place.hidden = !problem
    place.textContent = problem ?? ""
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("microphonechange", { bubbles: true }))
  }

  get #startButton() {
    return this.querySelector("[data-action=start]")
  }

  get #meterPart() {
    return part(this, "meter")
  }

  get #select() {
    return this.querySelector("select")
  }
}

customElements.define("microphone-check", MicrophoneCheck)
