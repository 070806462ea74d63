package customer

import "zhidan/internal/desk/staff"

// Permissions on customers and companies. Each reaches as far as the role
// says: all customers, or those with a ticket in reach.
const (
	Read      staff.Permission = "customer.read"
	Update    staff.Permission = "customer.update" // create and edit, companies too
	Merging   staff.Permission = "customer.merge"
	Revealing staff.Permission = "customer.reveal" // see an address whole
)
