const KEY = "captions"
const USUAL = "normal"

// How large one's own words are shown: "large", "normal" or "off". `storage` gives the browser's, which
// may refuse itself; then the choice holds for this page.
export function rememberedCaptions(storage) {
  try {
    return storage().getItem(KEY) ?? USUAL
  } catch {
    return USUAL
  }
}

export function rememberCaptions(storage, size) {
  try {
    storage().setItem(KEY, size)
  } catch (error) {
    console.info("The choice of captions can't be kept:", error)
  }
}
