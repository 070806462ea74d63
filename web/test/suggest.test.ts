import { expect, test } from 'vitest'
import type { Config } from '~/api/types'
import { matching, type QuickReply } from '~/stores/phrase'
import { mentionable, mentionedIn, tokenOf } from '~/scenes/ticket/suggest'

test.each([
  ['/', 'quick', ''], ['/hi', 'quick', 'hi'], ['您好，/退款', 'quick', '退款'], ['您好／退', 'quick', '退'], ['请看 @李', undefined, undefined],
  ['https://', undefined, undefined], ['11/21', undefined, undefined], ['a/b', undefined, undefined], ['/a b', undefined, undefined], ['./x', undefined, undefined],
])('what asks for a quick reply: %s', (before, kind, words) => {
  expect(tokenOf(before, false)?.kind).toBe(kind)
  expect(tokenOf(before, false)?.words).toBe(words)
})

test.each([['@', ''], ['请@李晓', '李晓'], ['请 @一组', '一组'], ['a@b.com', undefined], ['@李 晓', undefined]])('who is mentioned in a note: %s', (before, words) => {
  expect(tokenOf(before, true)?.words).toBe(words)
  expect(tokenOf(before, false)).toBeUndefined()
})

const q = (name: string, shortcut: string, text: string): QuickReply => ({ id: name, scope: 'own', name, shortcut, text, uses: 0 })
const all = [q('再见', 'bye', '感谢您的来电'), q('问候', 'hi', '您好'), q('高级问候', 'hi2', '尊敬的客户'), q('退款说明', '', '三个工作日到账，bye')]

test('a shortcut before a name before a text; as given where nothing tells them apart', () => {
  const names = (words: string) => matching(words, all).map((x) => x.name)
  expect(names('')).toEqual(['再见', '问候', '高级问候', '退款说明'])
  expect(names('hi')).toEqual(['问候', '高级问候'])
  expect(names('问候')).toEqual(['问候', '高级问候'])
  expect(names('bye')).toEqual(['再见', '退款说明'])
  expect(names('到账')).toEqual(['退款说明'])
  expect(names('高问')).toEqual(['高级问候'])
  expect(names('没有这个')).toEqual([])
})

test('people and teams, without oneself and who has left; only names that still stand in the text count', () => {
  const config = { staff: [{ id: '1', name: '李晓雯', active: true, team_ids: ['9'] }, { id: '2', name: '陈立', active: true, team_ids: ['9'] }, { id: '3', name: '李去', active: false, team_ids: ['9'] }], teams: [{ id: '9', name: '一组' }] } as unknown as Config
  expect(mentionable(config, '2', '').map((x) => x.name)).toEqual(['李晓雯', '一组'])
  expect(mentionable(config, '2', '一')[0]).toEqual({ id: '9', name: '一组', team: 2 })
  const chosen = mentionable(config, '2', '')
  expect(mentionedIn('@李晓雯 @一组 请看', chosen)).toEqual({ mentions: ['1'], mention_teams: ['9'] })
  expect(mentionedIn('@李 请看', chosen)).toEqual({ mentions: [], mention_teams: [] })
})
