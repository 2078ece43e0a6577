const NAMESPACE = "http://www.w3.org/2000/svg"

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

// Rectangles of one height as a single path.
export function blocks(places, height) {
  return places.map(({ x, width }) => `M${x} 0h${Math.max(width, 0.5)}v${height}H${x}z`).join("")
}
