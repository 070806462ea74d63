// The server's patterns are a small part of regular expressions, so the page can
// try one without asking: digits, letters, [A-Z0-9], counts, what may be missing, alternatives.
const grammar = /^(?:\\d|\[A-Z\]|\[A-Z0-9\]|\\?[^\\[\](){}*+?|^$.\s]|\\[^\w\s]|\{\d{1,2}(?:,\d{1,2})?\}|\?|\|)+$/

/** Tells whether a text holds what the pattern means; undefined when the pattern is not one. */
export function matcher(expr: string): ((text: string) => boolean) | undefined {
  if (!expr || expr.length > 512 || !grammar.test(expr)) return undefined
  try {
    const re = new RegExp(`(?:^|[^A-Za-z0-9])(?:${expr})(?![A-Za-z0-9])`, 'i')
    return (text) => re.test(text.normalize('NFKC'))
  } catch {
    return undefined
  }
}
