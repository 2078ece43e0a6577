// How loud the microphone is, from 0 to 1.
class LevelBar extends HTMLElement {
  show(level) {
    this.style.setProperty("--level", level.toFixed(2))
    this.setAttribute("aria-valuenow", Math.round(level * 100))
  }
}

customElements.define("level-bar", LevelBar)
