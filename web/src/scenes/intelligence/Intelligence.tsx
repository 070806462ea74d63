export function Intelligence() { return null }
