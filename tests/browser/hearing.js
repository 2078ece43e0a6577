// What the microphone gave to the page, chunk by chunk, told to the test as it comes: the page itself knows
// nothing of it. Each time the microphone is opened is a hearing of its own.
if (globalThis.AudioWorkletNode) {
  globalThis.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(...args) {
      super(...args)
      const name = performance.timeOrigin + performance.now()
      this.port.addEventListener("message", ({ data }) => {
        if (data) globalThis.heard(name, btoa(String.fromCharCode(...new Uint8Array(data))))
      })
    }
  }
}
