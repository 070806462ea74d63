package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

// Kind is a kind of channel to the outside.
type Kind struct {
	Key    string  `json:"key"`
	Means  Means   `json:"way,omitempty" doc:"the way to a person that it carries; empty: it speaks to a group or to another system"`
	Fields []Field `json:"fields"`

	// prepare makes what nobody types: keys.
	prepare func(c *Channel) error
	// check looks at what the fields together mean.
	check func(c *Channel) error
	// send gives a message away and returns what the other side calls it. An
	// error that is no refusal is tried again.
	send func(ctx context.Context, m *Room, c *Channel, out *Message) (receipt string, err error)
}

// Field is one setting of a kind, as its form shows it.
type Field struct {
	Key      string   `json:"key"`
	Type     string   `json:"type" enum:"text,secret,number,switch,choice,address"`
	ZH       string   `json:"zh"`
	EN       string   `json:"en"`
	Required bool     `json:"required,omitempty"`
	ReadOnly bool     `json:"read_only,omitempty"`
	Default  string   `json:"default,omitempty"`
	Choices  []string `json:"choices,omitempty"`
	// Binds says that secrets belong to it: whoever changes it has to know
	// them, or they would go to an address of the changer's choice.
	Binds bool `json:"binds,omitempty"`
}

// Kinds is the table of what there is.
var Kinds []*Kind

func init() { // a kind's send reaches back to the table
	Kinds = []*Kind{
		mailKind,
		aliyunKind, tencentKind, twilioKind,
		weComKind, dingTalkKind, feishuKind,
		webPushKind,
		weComRobotKind, dingTalkRobotKind, feishuRobotKind,
		webhookKind,
	}
}

func kindOf(key string) *Kind {
	i := slices.IndexFunc(Kinds, func(k *Kind) bool { return k.Key == key })
	if i < 0 {
		return nil
	}
	return Kinds[i]
}

// Channel is one way of a tenant to the outside.
type Channel struct {
	Tenant  id.ID
	Key     string
	Kind    string
	Active  bool
	Version int64
	channelBody
	secrets map[string]secret.Text
}

// channelBody is what is stored of a channel in the clear.
type channelBody struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Events []string          `json:"events,omitempty"` // group channels: what they hear
	Teams  []id.ID           `json:"teams,omitempty"`  // of the tickets; empty: all
}

// Message is one message on its way out.
type Message struct {
	Tenant  id.ID
	ID      id.ID // of the delivery: the key by which the other side can tell a repetition
	User    id.ID // zero: a group
	To      string
	Event   string
	Ticket  id.ID
	Locale  string
	Urgent  bool
	Title   string
	Text    string
	URL     string
	Values  map[string]string
	dropped []id.ID
}

// body is title and text as one.
func (o *Message) body() string { return strings.TrimSpace(o.Title + "\n" + o.Text) }

// refusal is an error of sending whose words may be shown to an administrator.
type refusal struct {
	Why       string
	Permanent bool          // trying again is of no use
	After     time.Duration // the other side asks for so much patience
}

func (r *refusal) Error() string { return r.Why }

func refuse(format string, args ...any) *refusal {
	return &refusal{Why: fmt.Sprintf(format, args...), Permanent: true}
}

func retry(format string, args ...any) *refusal { return &refusal{Why: fmt.Sprintf(format, args...)} }

func (c *Channel) kind() *Kind { return kindOf(c.Kind) }

// field is a setting, with its default.
func (c *Channel) field(key string) string {
	if v := c.Config[key]; v != "" {
		return v
	}
	if k := c.kind(); k != nil {
		for _, f := range k.Fields {
			if f.Key == key {
				return f.Default
			}
		}
	}
	return ""
}

func (c *Channel) number(key string) int {
	n, _ := strconv.Atoi(c.field(key))
	return n
}

func (c *Channel) on(key string) bool { return c.field(key) == "true" }

func (c *Channel) secret(key string) string { return c.secrets[key].Reveal() }

// showsSubject says whether the words of the customer may leave by this
// channel. A group has readers whose rights nobody knows.
func (c *Channel) showsSubject() bool { return c.on(fieldSubject) }

const fieldSubject = "show_subject"

func subjectField(on bool) Field {
	return Field{Key: fieldSubject, Type: "switch", ZH: "显示工单标题", EN: "Show the ticket's subject", Default: strconv.FormatBool(on)}
}

func endpointField(address string) Field {
	return Field{Key: "endpoint", Type: "address", ZH: "接口地址", EN: "Address of the interface", Default: address, Binds: true}
}

// hears says whether a group channel is told of a notification.
func (c *Channel) hears(n *notification, t *ticket.Ticket) bool {
	if !c.Active || c.kind() == nil || c.kind().Means != "" || !slices.Contains(c.Events, n.Event) {
		return false
	}
	return len(c.Teams) == 0 || t != nil && slices.Contains(c.Teams, t.Team)
}

func (k *resident) channel(key string) *Channel {
	i := slices.IndexFunc(k.channels, func(c *Channel) bool { return c.Key == key })
	if i < 0 {
		return nil
	}
	return k.channels[i]
}

// by is the channel that carries a way to people; nil: none does.
func (k *resident) by(way Means) *Channel {
	i := slices.IndexFunc(k.channels, func(c *Channel) bool { return c.Active && c.kind() != nil && c.kind().Means == way })
	if way == InApp || i < 0 {
		return nil
	}
	return k.channels[i]
}

// Limits of channels.
const (
	MaxChannels = 50
	maxField    = 2000 // bytes of a setting
)

var channelKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// check refuses what cannot work, every bad field at once.
func (c *Channel) check() error {
	k := c.kind()
	if k == nil {
		return fault.Bad("kind", "unknown", "there is no kind %q", c.Kind)
	}
	var bad fault.List
	if !channelKey.MatchString(c.Key) {
		bad = append(bad, fault.Bad("key", "characters", "small letters, digits and _"))
	}
	c.Name = strings.TrimSpace(c.Name)
	if c.Name == "" || utf8.RuneCountInString(c.Name) > 100 {
		bad = append(bad, fault.Bad("name", "required", "a name of at most 100 characters"))
	}
	for key, v := range c.Config {
		i := slices.IndexFunc(k.Fields, func(f Field) bool { return f.Key == key && f.Type != "secret" })
		if i < 0 {
			bad = append(bad, fault.Bad("config."+key, "unknown", "there is no such setting"))
			continue
		}
		if err := k.Fields[i].check("config."+key, v); err != nil {
			bad = append(bad, err)
		}
	}
	if c.Active {
		for _, f := range k.Fields {
			if f.Required && (f.Type == "secret" && c.secret(f.Key) == "" || f.Type != "secret" && c.field(f.Key) == "") {
				part := "config."
				if f.Type == "secret" {
					part = "secrets."
				}
				bad = append(bad, fault.Bad(part+f.Key, "required", "this is needed before the channel is switched on"))
			}
		}
	}
	for i, e := range c.Events {
		if _, ok := eventOf(e); !ok {
			bad = append(bad, fault.Bad(fmt.Sprintf("events[%d]", i), "unknown", "there is no event %q", e))
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if k.check != nil && c.Active {
		return k.check(c)
	}
	return nil
}

func (f Field) check(name, v string) *fault.Error {
	if len(v) > maxField || !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
		return fault.Bad(name, "characters", "at most %d bytes of text", maxField)
	}
	if v == "" {
		return nil
	}
	switch f.Type {
	case "number":
		if n, err := strconv.Atoi(v); err != nil || n < 0 {
			return fault.Bad(name, "number", "a number is needed")
		}
	case "switch":
		if v != "true" && v != "false" {
			return fault.Bad(name, "choice", "true or false")
		}
	case "choice":
		if !slices.Contains(f.Choices, v) {
			return fault.Bad(name, "choice", "one of %s", strings.Join(f.Choices, ", "))
		}
	case "address":
		if _, err := guard.CheckURL(v); err != nil {
			return fault.Bad(name, "address", "this is not a web address")
		}
	}
	return nil
}

func channelPurpose(key, kind string) string { return "notify.channel:" + key + ":" + kind }

// loadChannels reads a tenant's channels with their secrets.
func (m *Room) loadChannels(ctx context.Context, tenant id.ID) ([]*Channel, error) {
	rows, err := m.DB.Query(ctx, `select key, kind, active, body, secrets, version from notify_channel where tenant_id = $1 order by key`, tenant)
	list, err := db.Each(rows, err, func(r *sql.Rows) (*sealedChannel, error) {
		c := &sealedChannel{Channel: Channel{Tenant: tenant}}
		var body string
		if err := r.Scan(&c.Key, &c.Kind, &c.Active, &body, &c.sealed, &c.Version); err != nil {
			return nil, err
		}
		return c, json.Unmarshal([]byte(body), &c.channelBody)
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	keys, err := m.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []*Channel
	for _, s := range list {
		c := &s.Channel
		c.secrets = map[string]secret.Text{}
		if len(s.sealed) > 0 {
			plain, err := keys.Open(channelPurpose(c.Key, c.Kind), s.sealed)
			if err == nil {
				var values map[string]string
				if err := json.Unmarshal(plain, &values); err != nil {
					return nil, err
				}
				for k, v := range values {
					c.secrets[k] = secret.NewText(v)
				}
			} else { // shown as not set: the administrator gives it again
				m.Log.WarnContext(ctx, "the secrets of a notification channel do not open", "channel", c.Key)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

type sealedChannel struct {
	Channel
	sealed []byte
}

// saveChannel makes or changes a channel. secrets: absent keeps one, empty takes
// it away. version, when not zero, is the one that the change was made for.
func (m *Room) saveChannel(ctx context.Context, a *staff.Actor, in *Channel, secrets map[string]*string, version int64) (*Channel, error) {
	k := kindOf(in.Kind)
	if k == nil {
		return nil, fault.Bad("kind", "unknown", "there is no kind %q", in.Kind)
	}
	have, err := m.loadChannels(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var old *Channel
	for _, c := range have {
		if c.Key == in.Key {
			old = c
		}
	}
	in.Tenant, in.secrets, in.Version = a.Tenant, map[string]secret.Text{}, 1
	if old != nil {
		if old.Kind != in.Kind {
			return nil, fault.Bad("kind", "changed", "a channel keeps its kind")
		}
		in.Version = old.Version + 1
		for key, v := range old.secrets {
			in.secrets[key] = v
		}
	} else if len(have) >= MaxChannels {
		return nil, fault.Bad("key", "too_many", "there are at most %d channels", MaxChannels)
	}
	if version != 0 && (old == nil || version != old.Version) {
		return nil, errStale
	}
	for key, v := range secrets {
		if !slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Key == key && f.Type == "secret" }) {
			return nil, fault.Bad("secrets."+key, "unknown", "there is no such secret")
		}
		if v == nil {
			continue
		}
		if err := (Field{Type: "secret"}).check("secrets."+key, *v); err != nil {
			return nil, err
		}
		in.secrets[key] = secret.NewText(strings.TrimSpace(*v))
		if *v == "" {
			delete(in.secrets, key)
		}
	}
	for _, f := range k.Fields {
		if f.ReadOnly { // made here, not typed
			delete(in.Config, f.Key)
			if old != nil && old.Config[f.Key] != "" {
				in.Config[f.Key] = old.Config[f.Key]
			}
		}
		if !f.Binds || old == nil || in.field(f.Key) == old.field(f.Key) {
			continue
		}
		for _, s := range k.Fields {
			if s.Type == "secret" && secrets[s.Key] == nil && old.secret(s.Key) != "" {
				return nil, fault.Bad("secrets."+s.Key, "again", "it belongs to the former address: give it again")
			}
		}
	}
	if k.prepare != nil {
		if err := k.prepare(in); err != nil {
			return nil, err
		}
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	keys, err := m.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	if len(in.secrets) > 0 {
		values := map[string]string{}
		for key, v := range in.secrets {
			values[key] = v.Reveal()
		}
		plain, err := json.Marshal(values)
		if err != nil {
			return nil, err
		}
		if sealed, err = keys.Seal(channelPurpose(in.Key, in.Kind), plain); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(in.channelBody)
	if err != nil {
		return nil, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var now int64
		err := tx.QueryRow(ctx, `select version from notify_channel where tenant_id = $1 and key = $2`+tx.Engine().ForUpdate(), a.Tenant, in.Key).Scan(&now)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if now != in.Version-1 {
			return errStale
		}
		_, err = tx.Exec(ctx, `insert into notify_channel (tenant_id, key, kind, active, body, secrets, version) values ($1, $2, $3, $4, $5, $6, $7)
			on conflict (tenant_id, key) do update set active = excluded.active, body = excluded.body, secrets = excluded.secrets, version = excluded.version`,
			a.Tenant, in.Key, in.Kind, in.Active, string(body), sealed, in.Version)
		if err != nil {
			return err
		}
		act := staff.Act{Kind: "notify_channel.updated", Name: in.Name, Changes: staff.Changes(old.told(), in.told()), Data: map[string]any{"of": in.Key}}
		if old == nil {
			act.Kind = "notify_channel.created"
		}
		if given := slices.Sorted(maps.Keys(secrets)); len(given) > 0 {
			act.Data["secrets"] = given // that they were given, never what they are
		}
		return m.Staff.Record(ctx, tx, a, act)
	})
	if err != nil {
		return nil, err
	}
	m.kept.Changed(a.Tenant)
	return in, nil
}

// told is a channel for the trail: of an address the host, of secrets nothing.
func (c *Channel) told() any {
	if c == nil {
		return nil
	}
	config := map[string]string{}
	for _, f := range c.kind().Fields {
		switch v := c.Config[f.Key]; {
		case f.Type == "secret" || v == "":
		case strings.Contains(v, "://"):
			config[f.Key] = staff.Host(v)
		default:
			config[f.Key] = v
		}
	}
	return map[string]any{"name": c.Name, "kind": c.Kind, "active": c.Active, "config": config, "events": c.Events, "teams": c.Teams}
}

// hide sets a secret.
func (c *Channel) hide(key, value string) { c.secrets[key] = secret.NewText(value) }
