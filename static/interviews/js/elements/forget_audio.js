import { forgetInterview } from "../storage/kept_audio.js"

// On the page of an interview that is over: what this browser still keeps of it is of no more use.
class ForgetAudio extends HTMLElement {
  connectedCallback() {
    forgetInterview(this.dataset.interview).catch((error) => console.info("Nothing can be kept here:", error))
  }
}

customElements.define("forget-audio", ForgetAudio)
