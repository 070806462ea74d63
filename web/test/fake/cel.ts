// Just enough CEL for the fake: names, strings, lists, ==, in, &&, ||.
import type { Ticket } from '../../src/api/types.ts'

export function cel(source: string, t: Ticket, me: string): boolean {
  const js = source
    .replace(/("[^"]*"|me\(\)|[\w.]+)\s+in\s+(\[[^\]]*\]|\w+)/g, '($2).includes($1)')
    .replace(/([^=!<>])==([^=])/g, '$1===$2')
  const names = {
    status: t.status, priority: t.priority, type: t.type, category: t.category_id ?? '', channel: t.channel, language: t.language ?? '',
    assignee: t.assignee?.id ?? '', team: t.team?.id ?? '', requester: t.requester?.id ?? '', tier: t.requester?.tier ?? '', tags: t.tags,
    to_classify: t.to_classify, at_risk: t.risk >= 2, risk: t.risk, sentiment: t.sentiment ?? 0, watching: t.watchers?.some((w) => w.id === me) ?? false, mentioned: false, snoozed: Boolean(t.snoozed_until), me: () => me,
  }
  return Boolean(new Function(...Object.keys(names), `return (${js})`)(...Object.values(names)))
}
