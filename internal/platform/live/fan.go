package live

import (
	"bytes"
	"encoding/json"
	"strings"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/id"
)

// wire is an event between nodes.
type wire struct {
	ID       id.ID           `json:"i,omitzero"`
	Tenant   id.ID           `json:"t"`
	Name     string          `json:"n"`
	Data     json.RawMessage `json:"d,omitempty"`
	Audience *Audience       `json:"a,omitempty"`
	Drop     id.ID           `json:"x,omitzero"` // end this user's streams
}

const room = bus.MaxMessage - len(topic)

// tell sends an event to the other nodes. One that is too long for a message is
// sent with the ids in its data only; if it is too long even so, because of its
// audience, the readers of the tenant are asked to read anew.
func (h *Hub) tell(e Event, data json.RawMessage) error {
	w := wire{ID: e.ID, Tenant: e.Tenant, Name: e.Name, Data: data, Audience: &e.Audience}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if len(text) > room {
		w.Data = onlyIDs(data)
		if text, err = json.Marshal(w); err != nil {
			return err
		}
	}
	if len(text) > room {
		if text, err = json.Marshal(wire{ID: e.ID, Tenant: e.Tenant, Name: Resync}); err != nil {
			return err
		}
	}
	return h.cfg.Bus.Send(topic, string(text))
}

// onlyIDs keeps the members of an object that say what it is about.
func onlyIDs(data json.RawMessage) json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return json.RawMessage("{}")
	}
	for k, v := range all {
		if len(v) > 64 || (k != "id" && k != "seq" && k != "number" && !strings.HasSuffix(k, "_id")) {
			delete(all, k)
		}
	}
	out, err := json.Marshal(all)
	if err != nil {
		return json.RawMessage("{}")
	}
	return out
}

// heard takes an event of another node.
func (h *Hub) heard(text string) {
	var w wire
	if json.Unmarshal([]byte(text), &w) != nil || w.Tenant <= 0 || (w.Drop == 0 && !validName(w.Name)) {
		return
	}
	if w.Drop != 0 {
		h.drop(w.Tenant, w.Drop)
		return
	}
	var one bytes.Buffer // an event stream ends a field at a line's end
	if len(w.Data) == 0 || json.Compact(&one, w.Data) != nil {
		one.WriteString("{}")
	}
	w.Data = one.Bytes()
	e := Event{ID: w.ID, Tenant: w.Tenant, Name: w.Name, Data: w.Data}
	if w.Audience != nil {
		e.Audience = *w.Audience
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.insert(e, w.Data)
	}
}

// Drop ends the streams of a user on all nodes: after signing out, or when the
// user's rights have changed. The browser comes back with what it has then.
func (h *Hub) Drop(tenant, user id.ID) error {
	h.drop(tenant, user)
	if h.cfg.Bus == nil {
		return nil
	}
	text, err := json.Marshal(wire{Tenant: tenant, Drop: user})
	if err != nil {
		return err
	}
	return h.cfg.Bus.Send(topic, string(text))
}

func (h *Hub) drop(tenant, user id.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams[tenant] {
		if s.sub.User == user {
			h.end(s, nil)
		}
	}
}
