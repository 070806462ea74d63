import { messages, t, type Key } from '.'

/**
 * The name of something that every house has from the first day, such as the
 * policy "Default": stored in English until somebody gives it another, told in
 * the reader's language. Every other name is itself.
 */
export function shipped(name: string): string {
  const key = `shipped.${name}`
  return key in messages() ? t(key as Key) : name
}
