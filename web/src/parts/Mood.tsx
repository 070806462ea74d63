import { t, type Key } from '~/i18n'

const mouths: Record<number, string> = {
  [-2]: 'M5.3 11.3c.7-1.2 1.600-1.800 2.700-1.800s2 .6 2.700 1.800M4.600 5.200l1.800.9M11.400 5.200l-1.800.9',
  [-1]: 'M5.600 10.900c.6-.7 1.400-1 2.400-1s1.800.3 2.400 1',
  0: 'M5.600 10.300h4.800',
  1: 'M5.600 9.800c.6.7 1.400 1.100 2.400 1.100s1.800-.4 2.400-1.100',
  2: 'M5 9.300c.5 1.500 1.600 2.300 3 2.300s2.500-.8 3-2.300z',
}

/** The customer's mood in five steps: the shape of the mouth tells it, not a colour. */
export function Mood({ step, small }: { step: number; small?: boolean }) {
  const name = t(`mood.${step}` as Key)
  return (
    <svg className={`i mood${small ? ' s' : ''}${step <= -2 ? ' amber' : ''}`} viewBox="0 0 16 16" role="img" aria-label={name}>
      <title>{name}</title>
      <path d={`M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M6 7v.01M10 7v.01${mouths[step] ?? mouths[0]}`} />
    </svg>
  )
}
