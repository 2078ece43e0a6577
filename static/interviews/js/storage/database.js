// IndexedDB as promises, as little of it as is needed.
const NAME = "interviews"
// Safari has been seen to answer nothing at all to the first page that asks.
const OPEN_TIMEOUT_MS = 3000

/*
 * takes: by `id`; what is being recorded. chunks: by [take, number]; its PCM.
 */
export function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    const timeout = setTimeout(() => reject(new Error("IndexedDB does not answer")), OPEN_TIMEOUT_MS)
    request.onupgradeneeded = () => {
      request.result.createObjectStore("takes", { keyPath: "id" })
      request.result.createObjectStore("chunks")
    }
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      clearTimeout(timeout)
      resolve(request.result)
    }
  })
}

/*
 * Runs `work({ takes, chunks })` in one transaction, and gives what it gave when that has been
 * committed. Transactions are carried out in the order in which they were begun.
 */
export async function change(database, work) {
  // A hint: on the disk, not only with the operating system, before it counts as committed.
  const transaction = database.transaction(["takes", "chunks"], "readwrite", { durability: "strict" })
  const committed = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error ?? new Error("The transaction was aborted"))
  })
  committed.catch(() => {})
  const [takes, chunks] = ["takes", "chunks"].map((name) => transaction.objectStore(name))
  try {
    const result = await work({ takes, chunks })
    transaction.commit()
    await committed
    return result
  } catch (error) {
    if (!transaction.error) transaction.abort()
    throw error
  }
}

export function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

export function chunksOf(take, end = Infinity) {
  return IDBKeyRange.bound([take, 0], [take, end], false, true)
}
