package server

import "zhidan/internal/desk/ticket"

// reactions is the table of what follows an event after its commit. Order
// means nothing to what they do, each keeps its own progress; who looks at a
// ticket is not to wait for the index to be written.
func reactions(s *Server) []ticket.Reaction {
	return []ticket.Reaction{
		s.Desk.LiveReaction(),  // on every open screen
		s.Desk.IndexReaction(), // found by search within a second
		s.Mind.Reaction(),      // learned from, compared, counted
		s.Notify.Reaction(),    // told to those whom it concerns
		s.Report.Reaction(),    // counted on the boards
	}
}
