export function Roster() { return null }
