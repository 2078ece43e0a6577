// No more interviews can be ticked than can be watched side by side, and none are watched before one is ticked.
class SideBySideChoice extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", this.#show)
    this.#show()
  }

  disconnectedCallback() {
    this.removeEventListener("change", this.#show)
  }

  #show = () => {
    const boxes = [...this.querySelectorAll("input[name=i]")]
    const ticked = boxes.filter(({ checked }) => checked).length
    for (const box of boxes) box.disabled = !box.checked && ticked >= Number(this.dataset.most)
    this.querySelector("#side-by-side button").disabled = !ticked
  }
}

customElements.define("side-by-side-choice", SideBySideChoice)
