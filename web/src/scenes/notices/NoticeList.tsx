export function NoticeList(_: { close: () => void; onAll: () => void }) { return null }
