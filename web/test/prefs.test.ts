import { expect, it } from 'vitest'
import type { Me } from '../src/api/types'
import { adopt, prefs } from '../src/stores/prefs'

it('what was preferred since the account was read is not taken back by the next navigation', () => {
  const me = { locale: 'zh-CN', preferences: { layout: 'list', next: true } } as unknown as Me
  adopt(me)
  expect(prefs.get().next).toBe(true)
  prefs.set((old) => ({ ...old, layout: 'table' }))
  adopt(me)
  expect(prefs.get().layout).toBe('table')
  adopt({ ...me })
  expect(prefs.get().layout).toBe('list')
})
