import { phrase } from "./phrases.js"

// A form for one segment's text, in its place in the transcript. `address` is where corrections are sent.
export function correctionForm(address, segment) {
  const form = document.createElement("correction-form")
  form.append(document.getElementById("correction-form").content.cloneNode(true))
  form.address = address
  form.segment = segment
  return form
}

/*
 * What was typed stays until it is saved, whatever becomes of sending it. Then the segment's text and its
 * versions are those that the server tells, and the segment hears of it by `corrected`.
 */
class CorrectionForm extends HTMLElement {
  connectedCallback() {
    this.querySelector("textarea").value = this.#text.textContent
    this.addEventListener("submit", this.#submitted)
    this.addEventListener("click", this.#clicked)
    this.addEventListener("keydown", this.#pressed)
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this.#submitted)
    this.removeEventListener("click", this.#clicked)
    this.removeEventListener("keydown", this.#pressed)
  }

  #submitted = async (event) => {
    event.preventDefault()
    this.querySelector("[type=submit]").disabled = true
    try {
      await this.#send()
    } catch {
      this.#complain(phrase("correction.failed"))
    } finally {
      this.querySelector("[type=submit]").disabled = false
    }
  }

  async #send() {
    const { segment: index } = this.segment.dataset
    const body = new URLSearchParams({
      [`${index}-text`]: this.querySelector("textarea").value,
      [`${index}-seen`]: this.segment.dataset.seen ?? ""
    })
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value
    const response = await fetch(this.address, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": token }
    })
    // Who is not signed in any more is sent to a page where that can be done.
    if (response.redirected) return this.#complain(phrase("correction.signed_out"))
    const {
      segments: [told],
      problems
    } = await response.json()
    this.#show(told)
    if (problems.length) this.#complain(problems[0].message)
    else this.#close()
  }

  #show({ text, seen, versions }) {
    this.#text.textContent = text
    if (seen !== null) this.segment.dataset.seen = seen
    if (seen !== null) this.#versions(text, versions)
    this.segment.dispatchEvent(new Event("corrected", { bubbles: true }))
  }

  #versions(text, versions) {
    this.segment.querySelector(".versions")?.remove()
    const made = document.getElementById("versions").content.cloneNode(true)
    const isRestored = text === versions[0].text
    made.querySelector("summary").textContent = phrase(
      isRestored ? "correction.restored" : "correction.corrected"
    )
    made.querySelector("ol").replaceChildren(
      ...versions.map((version) => {
        const item = made.querySelector("li").cloneNode(true)
        item.querySelector("span").textContent = [version.by, version.at].filter(Boolean).join(", ")
        item.querySelector("q").textContent = version.text
        return item
      })
    )
    this.#text.after(made)
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-do=cancel]")) this.#close()
    const recognised = this.segment.querySelector(".versions q")?.textContent ?? this.#text.textContent
    if (target.closest("[data-do=restore]")) this.querySelector("textarea").value = recognised
  }

  #pressed = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.querySelector("form").requestSubmit()
    // Letters typed here are no commands for the player.
    event.stopPropagation()
  }

  #complain(sentence) {
    const problem = this.querySelector("[role=alert]")
    problem.textContent = sentence
    problem.hidden = false
  }

  #close() {
    const { segment } = this
    this.remove()
    segment.querySelector("[data-do=correct]").focus()
  }

  get #text() {
    return this.segment.querySelector("[data-text]")
  }
}

customElements.define("correction-form", CorrectionForm)
