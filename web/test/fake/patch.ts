/** The part of a ticket that a decided value changes, as the server has it. */
export function fieldPatch(field: string, value: string): object {
  const name = { category: 'category_id' }[field] ?? field
  return { [name]: field === 'sentiment' || field === 'risk' ? Number(value) : value || undefined }
}
