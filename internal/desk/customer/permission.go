package customer

import "zhidan/internal/desk/staff"

// Permissions on customers and companies. Each reaches as far as the role
// says: all customers, or those with a ticket in reach.
const (
	Read      = staff.CustomerRead
	Update    = staff.CustomerUpdate // create and edit, companies too
	Merging   = staff.CustomerMerge
	Revealing = staff.CustomerReveal // see an address whole
	Blocking  = staff.CustomerBlock  // keep the blocklist: all or nothing
)
