// What the reader did last from the palette, on this machine: it stands first.
const NAME = 'zhidan.recent'
const most = 6

export function recent(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(NAME) ?? '[]')
    return Array.isArray(list) ? list.filter((x) => typeof x === 'string') : []
  } catch {
    return []
  }
}

export function remember(id: string): void {
  localStorage.setItem(NAME, JSON.stringify([id, ...recent().filter((x) => x !== id)].slice(0, most)))
}
