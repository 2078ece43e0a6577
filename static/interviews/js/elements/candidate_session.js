import { Microphone, MicrophoneError } from "../audio/microphone.js"
import { CandidateSession } from "../models/candidate_session.js"
import { LevelMeter } from "../models/level_meter.js"
import { CHUNK_MS } from "../models/pcm_chunker.js"
import { LiveSocket } from "../net/live_socket.js"
import { KeptAudio } from "../storage/kept_audio.js"
import { SessionView } from "./session_view.js"
import "./answer_note.js"
import "./answer_time.js"
import "./caption_choice.js"
import "./level_bar.js"
import "./live_transcript.js"
import "./microphone_check.js"
import "./practice_round.js"
import "./read_aloud.js"
import "./session_pause.js"
import "./take_choice.js"
import "./think_countdown.js"

/*
 * The candidate's page: hands what the person, the microphone, the storage and the server do to the
 * model, sends what the model wants sent, and shows it.
 */
class CandidateSessionElement extends HTMLElement {
  #session = new CandidateSession((questionId) => this.#kept.begin(questionId))
  #view = new SessionView(this, this.#session)
  #meter = new LevelMeter()
  #kept = null
  #microphone = null
  #socket = null
  #stopping = false
  // Recording begins by itself only where the person has recorded, or tried the microphone, on this page.
  #hasRecorded = false

  async connectedCallback() {
    this.addEventListener("click", this.#clicked)
    this.addEventListener("submit", this.#submitted)
    this.addEventListener("microphonechange", this.#render)
    this.addEventListener("answernote", this.#noted)
    this.addEventListener("countdownend", this.#thought)
    // It does not bubble.
    this.addEventListener("toggle", this.#render, true)
    addEventListener("beforeunload", this.#leaving)
    addEventListener("online", this.#render)
    addEventListener("offline", this.#render)
    // Who comes back to an interview that has begun needs no second beginning.
    const hasBegun = this.dataset.status === "in_progress"
    if (hasBegun) this.#session.begin()
    this.#render()
    await this.#openKept()
    if (hasBegun) this.#connect()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#clicked)
    this.removeEventListener("submit", this.#submitted)
    this.removeEventListener("microphonechange", this.#render)
    this.removeEventListener("answernote", this.#noted)
    this.removeEventListener("countdownend", this.#thought)
    this.removeEventListener("toggle", this.#render, true)
    removeEventListener("beforeunload", this.#leaving)
    removeEventListener("online", this.#render)
    removeEventListener("offline", this.#render)
    this.#microphone?.close()
    this.#socket?.close()
  }

  async #openKept() {
    this.#kept = await KeptAudio.open(this.dataset.interview, {
      changed: () => this.#flush(),
      lost: () => this.#takenOver()
    })
    this.#session.found(this.#kept)
    this.querySelector("[data-action=begin-writing]").disabled = false
    this.#render()
  }

  // The person

  #clicked = ({ target }) => {
    const actions = {
      begin: this.#begin,
      "begin-writing": this.#beginWriting,
      record: this.#record,
      "record-again": this.#record,
      "choose-take": this.#chooseTake,
      pause: this.#pause,
      resume: this.#record,
      "go-on": this.#record,
      stop: this.#stop,
      "send-recorded": this.#sendRecorded,
      reconnect: this.#reconnect,
      "take-over": this.#takeOver
    }
    actions[target.closest("button[data-action]")?.dataset.action]?.call(this)
  }

  #begin() {
    this.#hasRecorded = this.#check.isUsable
    this.#check.stop()
    this.querySelector("practice-round")?.remove()
    this.#session.begin()
    this.#connect()
    this.#render()
  }

  #beginWriting() {
    this.#view.prefersWriting = true
    this.#begin()
  }

  async #record() {
    this.querySelector("read-aloud").stop()
    this.#view.starting = true
    this.#render()
    this.#meter = new LevelMeter()
    try {
      this.#microphone = await Microphone.open(this.#check.deviceId, {
        chunk: (pcm) => this.#recorded(pcm),
        lost: () => this.#lostMicrophone()
      })
      this.#hasRecorded = true
      if (this.#session.isOver) this.#closeMicrophone()
      else this.#session.startRecording()
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error
      this.#session.problem = { code: error.reason }
    } finally {
      this.#view.starting = false
      this.#flush()
    }
  }

  async #stop() {
    if (this.#stopping) return
    this.#stopping = true
    await this.#closeMicrophone()
    this.#stopping = false
    if (this.#session.step === "recording") this.#session.stopRecording()
    this.#flush()
  }

  #thought = () => this.#record()

  #chooseTake() {
    this.#session.chooseTake(this.querySelector("take-choice").chosen)
    this.#flush()
  }

  async #pause() {
    await this.#closeMicrophone()
    this.#session.pause()
    this.#flush()
    this.#leaveOnceSaved()
  }

  #sendRecorded() {
    this.#session.sendRecorded()
    this.#flush()
  }

  #takeOver() {
    location.reload()
  }

  #submitted = (event) => {
    event.preventDefault()
    const text = new FormData(event.target).get("answer").trim()
    if (!text) return
    this.#session.writeAnswer(text)
    this.#flush()
  }

  // The connection ends with the interview.
  #noted = ({ detail }) => {
    this.#session.note.write(detail)
    if (this.#session.isDone) this.#connect()
    this.#flush()
  }

  #leaving = (event) => {
    if (this.#session.hasUnsaved) event.preventDefault()
  }

  // The microphone

  #recorded(pcm) {
    if (this.#session.step !== "recording" || this.#session.isOver) return
    this.#meter.push(pcm, CHUNK_MS)
    this.#view.showLevel(this.#meter)
    if (!this.#session.addAudio(pcm)) this.#stop()
    this.#flush()
  }

  async #lostMicrophone() {
    await this.#closeMicrophone()
    this.#session.loseMicrophone()
    this.#render()
  }

  // Its last chunk comes before this ends.
  async #closeMicrophone() {
    const microphone = this.#microphone
    this.#microphone = null
    await microphone?.stop()
  }

  // The server

  #connect() {
    this.#socket = new LiveSocket(
      this.dataset.socket,
      {
        connected: () => this.#connected(),
        received: (message) => this.#received(message),
        disconnected: (code) => this.#disconnected(code)
      },
      { protocols: ["interview.v1"] }
    )
    this.#socket.open()
  }

  #reconnect() {
    this.#socket.close()
    this.#session.disconnected(1000)
    this.#session.problem = null
    this.#connect()
    this.#render()
  }

  #connected() {
    this.#session.connected()
    this.#flush()
  }

  #received(message) {
    const recording = this.#session.step === "recording"
    this.#session.receive(message)
    // The server ended the answer, or wants it anew.
    if (recording && this.#session.step !== "recording") this.#closeMicrophone()
    this.#flush()
    this.#leaveOnceSaved()
  }

  // What is over, or paused, needs no connection any more.
  #leaveOnceSaved() {
    if ((this.#session.isDone || this.#session.isOver) && !this.#session.hasUnsaved) this.#leave()
  }

  #takenOver() {
    this.#session.takenOver()
    this.#leave()
    this.#render()
  }

  #leave() {
    this.#closeMicrophone()
    this.#socket.close()
  }

  #disconnected(code) {
    const again = this.#session.disconnected(code)
    if (this.#session.isOver) this.#closeMicrophone()
    this.#render()
    return again
  }

  #flush() {
    for (const message of this.#session.takeOutgoing()) this.#socket.send(message)
    this.#render()
  }

  #render = () => {
    this.#view.render(this.#check.isUsable && this.#kept !== null, this.#hasRecorded)
  }

  get #check() {
    return this.querySelector("microphone-check")
  }
}

customElements.define("candidate-session", CandidateSessionElement)
