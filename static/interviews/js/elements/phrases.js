// A sentence of the page's own, translated with it: <template id="phrases"> holds them by name.
// `{name}` in it becomes the value of that name.
export function phrase(name, values = {}) {
  const element = document.getElementById("phrases").content.querySelector(`[data-phrase="${name}"]`)
  return element?.textContent.trim().replace(/\{(\w+)\}/g, (_, key) => values[key]) ?? null
}
