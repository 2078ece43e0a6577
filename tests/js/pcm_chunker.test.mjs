import assert from "node:assert/strict"
import { test } from "node:test"

import { PcmChunker } from "../../static/interviews/js/models/pcm_chunker.js"

test("chunks are 100 ms of signed 16 bit", () => {
  const chunker = new PcmChunker()

  const chunks = chunker.push(new Float32Array(3300).fill(0.5))

  assert.deepEqual(
    chunks.map((chunk) => chunk.byteLength),
    [3200, 3200]
  )
  assert.equal(new DataView(chunks[0]).getInt16(0, true), 16384)
})

test("the last chunk holds what is left, once", () => {
  const chunker = new PcmChunker()
  chunker.push(new Float32Array(1700))

  assert.deepEqual(
    chunker.flush().map((chunk) => chunk.byteLength),
    [200]
  )
  assert.deepEqual(chunker.flush(), [])
})

test("what is too loud is clipped, never wrapped round", () => {
  const chunker = new PcmChunker()
  chunker.push(Float32Array.of(1, 1.5, -1, -2))

  assert.deepEqual([...new Int16Array(chunker.flush()[0])], [32767, 32767, -32768, -32768])
})

test("no sample is lost between blocks", () => {
  const chunker = new PcmChunker()
  const samples = Float32Array.from({ length: 5000 }, (_, n) => n / 32768)

  const chunks = []
  for (let start = 0; start < samples.length; start += 37)
    chunks.push(...chunker.push(samples.subarray(start, start + 37)))
  chunks.push(...chunker.flush())

  assert.deepEqual(
    chunks.flatMap((chunk) => [...new Int16Array(chunk)]),
    Array.from(samples, (_, n) => n)
  )
})
