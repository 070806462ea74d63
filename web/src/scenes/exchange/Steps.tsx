import { t, type Key } from '~/i18n'

/** Where in the import one is: 1 to 4. */
export function Steps({ at }: { at: number }) {
  return (
    <ol className="xsteps" aria-label={t('imp.steps')}>
      {[1, 2, 3, 4].map((n) => <li key={n} className={n === at ? 'on' : n < at ? 'past' : undefined} aria-current={n === at ? 'step' : undefined}><i aria-hidden="true">{n}</i><span>{t(`imp.step.${n}` as Key)}</span></li>)}
    </ol>
  )
}
