package server

import (
	"zhidan/internal/channel"
	"zhidan/internal/channel/email"
)

// kinds is the table of what can come in.
func kinds() []channel.Kind {
	return []channel.Kind{
		email.Kind(),
	}
}
