import { rememberCaptions, rememberedCaptions } from "../models/captions.js"

const storage = () => localStorage

// How large one's own words are shown, chosen at any time and remembered on this device.
class CaptionChoice extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", this.#chosen)
    const size = rememberedCaptions(storage)
    const option = this.querySelector(`input[value="${CSS.escape(size)}"]`)
    if (option) option.checked = true
    this.#apply()
  }

  disconnectedCallback() {
    this.removeEventListener("change", this.#chosen)
  }

  #chosen = () => {
    this.#apply()
    rememberCaptions(storage, this.#size)
  }

  #apply() {
    this.parentElement.closest("[data-captions]").dataset.captions = this.#size
  }

  get #size() {
    return this.querySelector("input:checked").value
  }
}

customElements.define("caption-choice", CaptionChoice)
