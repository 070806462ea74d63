package routing

import "zhidan/internal/platform/web"

func (m *Room) registerRules(*web.API) {}
func (m *Room) registerReplay()        {}
