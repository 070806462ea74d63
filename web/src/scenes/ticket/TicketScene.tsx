export function TicketScene({ id }: { id: string; view: string }) {
  return <div className="conv ticket-open" data-id={id} />
}
