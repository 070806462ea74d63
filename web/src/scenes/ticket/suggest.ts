// What is offered while one writes: quick replies after "/", people and teams
// after "@" in a note.
import type { Config, ID } from '~/api/types'
import { fuzzy } from '~/actions/fuzzy'

export interface Token { kind: 'quick' | 'mention'; words: string; length: number }

const QUICK = /(?:^|[^A-Za-z0-9:/.])([/／]([^\s/／]{0,32}))$/
const MENTION = /(?:^|[^A-Za-z0-9._-])([@＠]([^\s@＠]{0,32}))$/

/** The word that is being written, if it asks for something; a date, a path or a mail address does not. */
export function tokenOf(before: string, note: boolean): Token | undefined {
  const quick = QUICK.exec(before)
  if (quick) return { kind: 'quick', words: quick[2]!, length: quick[1]!.length }
  const mention = note ? MENTION.exec(before) : undefined
  return mention ? { kind: 'mention', words: mention[2]!, length: mention[1]!.length } : undefined
}

export interface Mentionable { id: ID; name: string; team?: number }

export function mentionable(config: Pick<Config, 'staff' | 'teams'>, me: ID | undefined, words: string): Mentionable[] {
  const people = config.staff.filter((s) => s.active && s.id !== me).map((s): Mentionable => ({ id: s.id, name: s.name }))
  const teams = config.teams.map((g): Mentionable => ({ id: g.id, name: g.name, team: config.staff.filter((s) => s.active && s.team_ids.includes(g.id)).length }))
  return fuzzy(words, [...people, ...teams], (x) => x.name)
}

/** Who is mentioned in a text: only those whose name still stands in it. */
export function mentionedIn(text: string, chosen: Mentionable[]): { mentions: ID[]; mention_teams: ID[] } {
  const named = chosen.filter((m) => text.includes(`@${m.name}`))
  return {
    mentions: [...new Set(named.filter((m) => m.team === undefined).map((m) => m.id))],
    mention_teams: [...new Set(named.filter((m) => m.team !== undefined).map((m) => m.id))],
  }
}
