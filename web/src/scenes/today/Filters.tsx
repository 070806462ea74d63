import { t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { channelList, channelName } from '~/parts/Glyph'
import { Pop } from '~/parts/Pop'
import { When } from '~/parts/When'
import { Segmented } from '~/scenes/intelligence/frame'
import type { Board } from '~/stores/report'
import { useNames } from '~/stores/session'
import type { TodaySearch } from './search'
import { addDays, dayText } from './text'

/** The day has not ended, however it is read. */
const today = (b: Board | undefined): boolean => !!b && b.at < b.to

type Field = 'department' | 'team' | 'agent' | 'channel' | 'type'

/** Which day, compared with which, of whom. */
export function Filters({ b, search, set }: { b: Board | undefined; search: TodaySearch; set: (change: Partial<TodaySearch>) => void }) {
  const { config, type } = useNames()
  const lists: Record<Field, Choice[]> = {
    department: config.departments.map((x) => ({ id: x.id, text: x.name })),
    team: config.teams.map((x) => ({ id: x.id, text: x.name })),
    agent: config.staff.map((x) => ({ id: x.id, text: x.name })),
    channel: [...new Set([...channelList, ...(b?.channels.map((c) => c.key) ?? [])])].map((x) => ({ id: x, text: channelName(x) })),
    type: config.types.map((x) => ({ id: x.key, text: type(x.key) })),
  }
  const day = b?.day ?? search.day
  // an hour that has not come cannot be read
  const come = (label: string) => !b || (b.hours.findLast((h) => h.label <= label)?.at ?? b.from) <= b.at
  return (
    <div className="tdfilters" role="group" aria-label={t('today.filters')}>
      {day && (
        <Pop width={264} content={(close) => (
          <div className="tdday">
            <div className="row g4"><IconButton icon="left" label={t('today.previousDay')} onClick={() => set({ day: addDays(day, -1), compare: undefined })} />
              <When kind="day" small required label={t('today.day')} value={day} max={today(b) ? day : undefined} onChange={(next) => next && set({ day: next, compare: undefined })} />
              <IconButton icon="right" label={t('today.nextDay')} disabled={today(b)} onClick={() => set({ day: addDays(day, 1), compare: undefined })} /></div>
            <div className="sec">{t('today.compareWith')}</div>
            <Segmented label={t('today.compareWith')} value={search.compare === addDays(day, -1) ? 'day' : 'week'} options={[['week', t('today.compare.week')], ['day', t('today.compare.day')]]} onChange={(v) => set({ compare: v === 'day' ? addDays(day, -1) : undefined })} />
            <div className="sec">{t('today.until')}</div>
            <div className="row g4">
              <Segmented label={t('today.until')} value={search.until === '18:00' ? '18:00' : search.until ? 'other' : 'now'} options={[['now', t(today(b) ? 'today.until.now' : 'today.until.end')], ...(come('18:00') ? [['18:00', '18:00'] as const] : [])]} onChange={(v) => set({ until: v === 'now' ? undefined : v })} />
              <When kind="time" small label={t('today.until')} value={search.until} onChange={(at) => come(at) && set({ until: at || undefined })} />
            </div>
            {search.day && <Button look="q" icon="calendar" onClick={() => { close(); set({ day: undefined, compare: undefined, until: undefined }) }}>{t('today.backToToday')}</Button>}
          </div>
        )}>
          <Button look="q" chevron aria-haspopup="dialog">{search.until ? t('today.dayUntil', { day: dayText(day), at: search.until }) : dayText(day)}</Button>
        </Pop>
      )}
      {(Object.keys(lists) as Field[]).map((f) => <Filter key={f} field={f} value={search[f]} choices={lists[f]} set={(v) => set({ [f]: v })} />)}
    </div>
  )
}

function Filter({ field, value, choices, set }: { field: Field; value: string | undefined; choices: Choice[]; set: (v: string | undefined) => void }) {
  if (choices.length === 0 && !value) return null
  const all = t(`today.all.${field}` as Key)
  const chosen = value ? (choices.find((c) => c.id === value)?.text ?? value) : undefined
  return (
    <Pop content={(close) => (
      <ChoiceList label={all} search={choices.length > 9} choices={[{ id: '', text: all, on: !value }, ...choices.map((c) => ({ ...c, on: c.id === value }))]} onChoose={(id) => { close(); set(id || undefined) }} />
    )}>
      <Button look={chosen ? 'q chosen' : 'q'} chevron aria-haspopup="listbox" data-filter={field}>{chosen ?? all}</Button>
    </Pop>
  )
}
