// The voice that reads in `language`, a BCP 47 tag: of that region if there is one, and of this device
// rather than of a service that would be sent the text. Null if none knows the language.
export function voiceFor(voices, language) {
  const wanted = tag(language)
  const known = voices.filter((voice) => base(tag(voice.lang)) === base(wanted))
  const rank = (voice) => (tag(voice.lang) === wanted ? 2 : 0) + (voice.localService ? 1 : 0)
  return known.sort((a, b) => rank(b) - rank(a))[0] ?? null
}

// Android writes en_US.
function tag(language) {
  return language.toLowerCase().replaceAll("_", "-")
}

function base(language) {
  return language.split("-")[0]
}
