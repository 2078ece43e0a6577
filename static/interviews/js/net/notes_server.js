// A recruiter's notes on the server. What it answers: "done", "away" (try again), "signed_out", "gone"
// (it can't be watched any more) or { refused } with its reason.

export async function fetchNotes(url) {
  const response = await fetch(url, { redirect: "error" })
  if (!response.ok) throw new Error(`notes: ${response.status}`)
  return (await response.json()).notes
}

export async function send(url, { verb, note }) {
  try {
    return await outcome(await request(`${url}${note.id}/`, verb, note))
  } catch {
    return "away"
  }
}

function request(url, verb, note) {
  // The cookie's is that of whoever is signed in now, also after they signed in again in another tab.
  const headers = { "X-CSRFToken": document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "" }
  const options = { headers, redirect: "manual" }
  if (verb === "throw_away") return fetch(url, { ...options, method: "DELETE" })
  const body = new URLSearchParams({ kind: note.kind, text: note.text })
  if (note.question_id) body.set("question", note.question_id)
  if (note.answer_id) body.set("answer", note.answer_id)
  if (note.at_ms !== null) body.set("at_ms", note.at_ms)
  return fetch(url, { ...options, method: "POST", body })
}

async function outcome(response) {
  if (response.ok) return "done"
  if (response.type === "opaqueredirect" || response.status === 403) return "signed_out"
  if (response.status === 404) return "gone"
  if (response.status !== 400) return "away"
  const { errors } = await response.json()
  return {
    refused: Object.values(errors)
      .flat()
      .map(({ message }) => message)
      .join(" ")
  }
}
