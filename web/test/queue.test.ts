import { beforeAll, expect, test } from 'vitest'
import { setLocale } from '~/i18n'
import { clearing } from '~/scenes/queue/clearing'

beforeAll(() => setLocale('zh-CN'))

test.each([
  [{ waiting: 0, came: 3, given: 1 }, '已清空', undefined],
  [{ waiting: 11, came: 18, given: 22 }, '42 分钟', undefined],
  [{ waiting: 4, came: 0, given: 15 }, '4 分钟', undefined],
  [{ waiting: 300, came: 10, given: 15 }, '15 小时', undefined],
  [{ waiting: 3000, came: 10, given: 15 }, '6 天', undefined],
  [{ waiting: 5, came: 8, given: 2 }, '在增加', true],
  [{ waiting: 5, came: 2, given: 2 }, '–', undefined],
])('%o', (flow, text, grows) => expect(clearing(flow, 900)).toEqual({ text, ...(grows ? { grows } : {}) }))
