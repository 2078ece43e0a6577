// A page that is loaded again may come a moment before the one before it is gone.
const PATIENCE_MS = 1000

// A name of this tab's own, held as a lock until the tab is gone, however it ends.
export async function holdName() {
  const name = crypto.randomUUID()
  await new Promise((resolve, reject) => {
    navigator.locks.request(lockOf(name), () => new Promise(() => resolve())).catch(reject)
  })
  return name
}

// Whether its tab lives.
export async function isHeld(name, { patient }) {
  const options = patient ? { signal: AbortSignal.timeout(PATIENCE_MS) } : { ifAvailable: true }
  try {
    return await navigator.locks.request(lockOf(name), options, (lock) => lock === null)
  } catch (error) {
    if (!["AbortError", "TimeoutError"].includes(error.name)) throw error
    return true
  }
}

function lockOf(name) {
  return `interview-tab-${name}`
}
