import assert from "node:assert/strict"
import { test } from "node:test"

import { QuestionTakes } from "../../static/interviews/js/models/question_takes.js"

const take = (number) => ({ answer_id: `a${number}`, text: `take ${number}` })

test("where a question is answered once there are none, and one may be recorded", () => {
  for (const takes of [new QuestionTakes(), new QuestionTakes({}), new QuestionTakes({ takes_allowed: 1 })]) {
    assert.deepEqual([takes.ended, takes.areThere, takes.allowed, takes.next], [[], false, 1, 1])
  }
})

test("after each take comes the next, up to the last that is allowed", () => {
  const next = [0, 1, 2, 3].map((count) => {
    const takes = Array.from({ length: count }, (_, index) => take(index + 1))
    return new QuestionTakes({ takes, takes_allowed: 3 }).next
  })

  assert.deepEqual(next, [1, 2, 3, null])
})

test("there are no more where more were recorded than are allowed now", () => {
  const takes = new QuestionTakes({ takes: [take(1), take(2), take(3)], takes_allowed: 2 })

  assert.deepEqual([takes.next, takes.areThere, takes.ended.length], [null, true, 3])
})

test("a take is found by its answer, in whatever order they were told", () => {
  const takes = new QuestionTakes({ takes: [take(2), take(1)], takes_allowed: 3 })

  assert.deepEqual(takes.find("a1"), take(1))
  assert.deepEqual([takes.has("a2"), takes.has("a3"), takes.has(null)], [true, false, false])
  assert.equal(takes.find("a3"), undefined)
})
