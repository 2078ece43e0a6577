import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"

import { LiveSocket } from "../../static/interviews/js/net/live_socket.js"

class FakeSocket {
  static OPEN = 1
  static all = []
  readyState = 0
  sent = []
  closed = false

  constructor(url, protocols) {
    this.url = String(url)
    this.protocols = protocols
    FakeSocket.all.push(this)
  }

  send(message) {
    this.sent.push(message)
  }

  close() {
    this.closed = true
  }

  accept() {
    this.readyState = FakeSocket.OPEN
    this.onopen()
  }

  receive(message) {
    this.onmessage({ data: JSON.stringify(message) })
  }

  lose(code = 1006) {
    this.onclose({ code })
  }
}

let now
let listeners
let heard

beforeEach(() => {
  now = 0
  listeners = new Map()
  heard = []
  FakeSocket.all = []
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] })
  mock.method(performance, "now", () => now)
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    location: new URL("https://example.org/page"),
    document: {
      visibilityState: "visible",
      addEventListener: (name, listener) => listeners.set(name, listener),
      removeEventListener: (name) => listeners.delete(name)
    },
    addEventListener: (name, listener) => listeners.set(name, listener),
    removeEventListener: (name) => listeners.delete(name)
  })
})

afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

function opened({ again = true, ...options } = {}) {
  const socket = new LiveSocket(
    "/ws/",
    {
      connected: () => heard.push("connected"),
      received: (message) => heard.push(message),
      disconnected: (code) => {
        heard.push(code)
        return again
      }
    },
    options
  )
  socket.open()
  return socket
}

// The clocks of a page go together.
function pass(seconds) {
  for (let second = 0; second < seconds; second++) {
    now += 1000
    mock.timers.tick(1000)
  }
}

function last() {
  return FakeSocket.all.at(-1)
}

test("a secure page opens a secure socket", () => {
  opened({ protocols: ["interview.v1"] })

  assert.equal(last().url, "wss://example.org/ws/")
  assert.deepEqual(last().protocols, ["interview.v1"])
})

test("objects go as JSON and buffers as they are, once it is open", () => {
  const socket = opened()
  const buffer = new ArrayBuffer(4)
  socket.send({ type: "early" })
  last().accept()

  socket.send({ type: "late" })
  socket.send(buffer)

  assert.deepEqual(last().sent, ['{"type":"late"}', buffer])
})

test("a connection that is lost comes back", () => {
  opened()
  last().accept()

  last().lose()
  pass(1)
  last().accept()

  assert.equal(FakeSocket.all.length, 2)
  assert.deepEqual(heard, ["connected", 1006, "connected"])
})

test("one that is not wanted back does not", () => {
  opened({ again: false })
  last().accept()

  last().lose(4409)
  pass(60)

  assert.equal(FakeSocket.all.length, 1)
  assert.equal(listeners.size, 0)
})

test("when the network is back nobody waits", () => {
  opened()
  last().lose()
  assert.equal(FakeSocket.all.length, 1)

  listeners.get("online")()

  assert.equal(FakeSocket.all.length, 2)
})

test("whoever comes back to the page does not wait", () => {
  opened()
  last().lose()

  document.visibilityState = "hidden"
  listeners.get("visibilitychange")()
  assert.equal(FakeSocket.all.length, 1)
  document.visibilityState = "visible"
  listeners.get("visibilitychange")()

  assert.equal(FakeSocket.all.length, 2)
})

test("a server that restarts is tried within a second, again and again", () => {
  opened()
  last().accept()
  last().lose(4412)

  for (let attempt = 2; attempt < 10; attempt++) {
    pass(1)
    assert.equal(FakeSocket.all.length, attempt)
    last().lose()
  }
})

test("a silent connection is asked for a sign of life, and given up without one", () => {
  opened()
  const first = last()
  first.accept()

  pass(11)
  assert.deepEqual(first.sent, ['{"type":"ping"}'])
  pass(10)

  assert.equal(first.closed, true)
  assert.deepEqual(heard, ["connected", 1006])
})

test("a sign of life keeps the connection", () => {
  opened()
  last().accept()

  for (let n = 0; n < 6; n++) {
    pass(11)
    last().receive({ type: "pong" })
  }

  assert.equal(FakeSocket.all.length, 1)
  assert.equal(last().sent.length, 6)
})

test("nothing goes on after it is closed", () => {
  const socket = opened()
  last().accept()

  socket.close()
  pass(60)

  assert.equal(FakeSocket.all.length, 1)
  assert.equal(last().closed, true)
  assert.equal(last().onmessage, null)
})
