import { expect, test } from 'vitest'
import { begun, blankForm, dialable } from '~/scenes/caller/draft'

test('what can be dialled is looked up as a number, other words as a name', () => {
  for (const x of ['13812345678', '138 1234 5678', '+86 138-1234-5678', '(021) 5257 4688', '4008001234']) expect(dialable(x), x).toBe(true)
  for (const x of ['', '5678', '王秀兰', 'w@example.com', '138****5678', 'A1381234567']) expect(dialable(x), x).toBe(false)
})

test('a form counts as begun by what somebody typed, not by what was chosen for them', () => {
  expect(begun(blankForm)).toBe(false)
  expect(begun({ ...blankForm, scene: '1', type: 'repair' })).toBe(false)
  expect(begun({ ...blankForm, body: ' x ' })).toBe(true)
  expect(begun({ ...blankForm, words: '138' })).toBe(true)
})
