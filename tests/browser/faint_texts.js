// The page's texts whose contrast is below what WCAG 2.2 asks for (1.4.3, level AA).
() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })

  function rgba(color) {
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = color
    context.fillRect(0, 0, 1, 1)
    return [...context.getImageData(0, 0, 1, 1).data]
  }

  function background(element) {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor)
      if (color[3] > 0) return color
    }
    return [255, 255, 255, 255]
  }

  function luminance(color) {
    const [r, g, b] = color.slice(0, 3).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }

  function contrast(element) {
    const [light, dark] = [rgba(getComputedStyle(element).color), background(element)].map(luminance).sort((a, b) => b - a)
    return (light + 0.05) / (dark + 0.05)
  }

  function needed(element) {
    const { fontSize, fontWeight } = getComputedStyle(element)
    const size = parseFloat(fontSize)
    return size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5
  }

  const texts = [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() && !element.disabled &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
  return texts.filter((element) => contrast(element) < needed(element))
    .map((element) => `${contrast(element).toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`)
}
