// The parts of an element's own markup, each named by its `data-part`.
export function part(root, name) {
  return root.querySelector(`[data-part=${name}]`)
}

// Live regions speak when they are written to, so that they are written to only for news.
export function write(root, name, text) {
  const place = part(root, name)
  if (place.textContent !== text) place.textContent = text
  return place
}

// The same where a part without a text is not there at all.
export function show(root, name, text) {
  write(root, name, text).hidden = !text
}
