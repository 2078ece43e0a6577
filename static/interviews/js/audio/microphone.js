const WORKLET = new URL("./capture_worklet.js", import.meta.url)
const TAIL_TIMEOUT_MS = 1000

// What browsers clean up for telephony would change the voice that is measured, and nothing plays
// while somebody answers, so that there is no echo to take away.
const FAITHFUL = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false }

const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy"
}

// `reason`: insecure, unsupported, denied, missing, busy or failed.
export class MicrophoneError extends Error {
  constructor(reason, cause) {
    super(`No microphone: ${reason}`, { cause })
    this.reason = reason
  }
}

/*
 * A microphone that gives chunks of 16 kHz PCM from when it is opened until it is stopped.
 * `handlers`: chunk(pcm), and lost() when the device goes away.
 */
export class Microphone {
  #stream
  #context
  #source
  #node
  #handlers
  #lastChunk = deferred()

  static async open(deviceId, handlers) {
    const stream = await requestStream(deviceId)
    try {
      const microphone = new Microphone(stream, handlers)
      await microphone.#start()
      return microphone
    } catch (error) {
      stop(stream)
      throw new MicrophoneError("failed", error)
    }
  }

  static async devices() {
    const devices = await navigator.mediaDevices.enumerateDevices()
    return devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId)
  }

  constructor(stream, handlers) {
    this.#stream = stream
    this.#handlers = handlers
  }

  get deviceId() {
    return this.#track.getSettings().deviceId
  }

  // Resolves when the last chunk was given.
  async stop() {
    this.#node.port.postMessage("stop")
    const timeout = setTimeout(this.#lastChunk.resolve, TAIL_TIMEOUT_MS)
    await this.#lastChunk.promise
    clearTimeout(timeout)
    this.close()
  }

  close() {
    this.#track.onended = null
    if (this.#node) this.#node.port.onmessage = null
    stop(this.#stream)
    if (!this.#context || this.#context.state === "closed") return
    this.#context.onstatechange = null
    this.#context.close()
  }

  async #start() {
    // The device's own rate: Firefox refuses a microphone in a context of any other.
    this.#context = new AudioContext()
    await this.#context.audioWorklet.addModule(WORKLET)
    this.#source = this.#context.createMediaStreamSource(this.#stream)
    this.#node = new AudioWorkletNode(this.#context, "capture")
    this.#node.port.onmessage = ({ data }) => this.#received(data)
    this.#track.onended = () => this.#handlers.lost?.()
    // It plays nothing; without a way to the speakers Safari would not run it.
    this.#source.connect(this.#node).connect(this.#context.destination)
    await this.#context.resume()
    this.#context.onstatechange = () => this.#goOn()
  }

  // A phone call or another app may have interrupted it.
  async #goOn() {
    try {
      if (this.#context.state !== "running") await this.#context.resume()
    } catch {
      this.#handlers.lost?.()
    }
  }

  #received(chunk) {
    if (chunk) this.#handlers.chunk(chunk)
    else this.#lastChunk.resolve()
  }

  get #track() {
    return this.#stream.getAudioTracks()[0]
  }
}

async function requestStream(deviceId) {
  if (!isSecureContext) throw new MicrophoneError("insecure")
  if (!navigator.mediaDevices || !globalThis.AudioWorkletNode) throw new MicrophoneError("unsupported")
  try {
    const device = deviceId ? { deviceId: { exact: deviceId } } : {}
    return await navigator.mediaDevices.getUserMedia({ audio: { ...FAITHFUL, ...device } })
  } catch (error) {
    throw new MicrophoneError(REASONS[error.name] ?? "failed", error)
  }
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop()
}

function deferred() {
  const result = {}
  result.promise = new Promise((resolve) => {
    result.resolve = resolve
  })
  return result
}
