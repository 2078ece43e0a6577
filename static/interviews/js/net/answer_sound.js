// What is drawn and marked of an answer. Throws where it can't be had.
export async function fetchSound(answerId) {
  const response = await fetch(`/answers/${answerId}/sound.json`, { redirect: "error" })
  if (!response.ok) throw new Error(`sound of an answer: ${response.status}`)
  return response.json()
}
