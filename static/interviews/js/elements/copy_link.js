import { phrase } from "./phrases.js"

// A link that is shown this once. Loading the page again must not ask for yet another link, so that
// the address becomes the interview's own.
class CopyLink extends HTMLElement {
  connectedCallback() {
    history.replaceState(null, "", this.dataset.address)
    this.#button.addEventListener("click", this.#copy)
    this.#button.hidden = !navigator.clipboard
  }

  disconnectedCallback() {
    this.#button.removeEventListener("click", this.#copy)
  }

  #copy = async () => {
    const input = this.querySelector("input")
    input.select()
    await navigator.clipboard.writeText(input.value)
    this.querySelector("[role=status]").textContent = phrase("copied")
  }

  get #button() {
    return this.querySelector("button")
  }
}

customElements.define("copy-link", CopyLink)
