export function CreateTicket() {
  return <main className="sheet" id="main" />
}
