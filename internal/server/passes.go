package server

import "zhidan/internal/desk/ticket"

// passes is the table of what takes part in a write before it commits, in
// order.
func passes(s *Server) []ticket.Pass {
	return []ticket.Pass{
		s.Mind.Pass(),    // what it is, how urgent, in what mood, at what risk
		s.SLA.Pass(),     // what is promised on it, and until when
		s.Routing.Pass(), // who has it now, or where it waits
		s.SLA.LastPass(), // the clocks of those who have it, and all are saved
	}
}
