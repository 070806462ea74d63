package understand

import (
	"context"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// languageModels are the tenant's language models of this node.
type languageModels struct{}

func (m *Mind) registerMore() {}

// order puts work on the queue that goes on outside of the write.
func (m *Mind) order(ctx context.Context, born []*ticket.Ticket) error { return nil }

func (m *Mind) extras(ctx context.Context, tenant, ticket id.ID) ([]ExtraJSON, error) {
	return []ExtraJSON{}, nil
}

func (m *Mind) canTranslate(ctx context.Context, tenant id.ID) bool { return false }

func (m *Mind) languageModel(ctx context.Context, tenant id.ID) (configured, on bool) {
	return false, false
}

func (m *Mind) registerExtras(api *web.API) {}
