// Package customer keeps the people whom the desk serves, the addresses by
// which they are known, and the companies to which they belong. It promises:
//
//   - one address (phone, mail, openid …) belongs to one customer of a tenant,
//     however many contacts arrive with it at the same moment;
//   - addresses, notes and fields are stored only sealed, under a key of the
//     customer's own; looking one up goes by its blind index and its last four
//     digits; erasing the key makes them unreadable for good;
//   - an address is shown masked; who wants to see it whole needs a permission,
//     and the act is recorded first;
//   - a merge keeps all that is needed to take it back, by whoever knows its
//     number, as long as the customer it made still stands;
//   - no event of a customer holds a personal value;
//   - special care and blocks end by themselves: what has an end is compared
//     with the clock where it is used, nothing has to be swept.
//
// Finding or making the customer of a contact comes in two halves, so that the
// transaction that opens a ticket stays short: Prepare computes, ResolveIn asks
// and writes.
package customer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// Limits of what one customer or company may hold.
const (
	MaxName       = 200 // characters
	MaxTags       = 50
	MaxTag        = 64
	MaxNote       = 20_000 // characters
	MaxFields     = 100
	MaxFieldBytes = 16 << 10 // all fields as JSON
	MaxIdentities = 50
)

// TierNormal is the tier of who has no other.
const TierNormal = "normal"

// Tier is a service class with its shipped names.
type Tier struct {
	Key string
	ZH  string
	EN  string
}

// Tiers are the shipped service classes, from the highest. A tenant may use
// other keys besides.
func Tiers() []Tier {
	return []Tier{{"vip", "VIP 客户", "VIP"}, {"important", "重要客户", "Important"}, {TierNormal, "普通客户", "Normal"}}
}

// Customer is one person.
type Customer struct {
	Tenant  id.ID
	ID      id.ID
	Name    string
	Named   bool // false: the name is a masked address, until a real one is known
	Tier    string
	Company id.ID
	Tags    []string
	// Language is a BCP 47 tag, or empty.
	Language string
	// Note and Fields are empty in lists that do not ask for them, and for
	// customers that were erased.
	Note       string
	Fields     map[string]any
	CreatedAt  clock.Time
	UpdatedAt  clock.Time
	Version    int64
	MergedInto id.ID
	Erased     bool
	// CareUntil is the end of special care (特别关注), zero when there is none;
	// Care says why, where note and fields are read too.
	CareUntil clock.Time
	Care      Care

	wrappedKey, sealedNote, sealedFields, sealedCare []byte
}

// Brief is what a list of tickets shows of a customer.
type Brief struct {
	ID          id.ID // of the survivor, if this one was merged
	Name        string
	Tier        string
	Company     id.ID
	CompanyName string
}

// Identity is one address of a customer.
type Identity struct {
	ID         id.ID
	Customer   id.ID
	Kind       string
	Display    string // masked
	VerifiedAt clock.Time
	CreatedAt  clock.Time

	blind, domain []byte // domain: of a mail address
}

// Contact says who is writing or calling, as far as the channel knows. Either
// ID, or any of the others.
type Contact struct {
	ID    id.ID
	Name  string
	Email string
	Phone string
	// OtherKind and OtherValue are an address of another kind: "wechat", …
	OtherKind  string
	OtherValue string
	Language   string
	// Attach says that the caller vouches for all addresses being the same
	// person's (an agent typed them; the channel proved them): those that
	// nobody has yet are added to the customer who is found by another.
	// Without it they are dropped, because an address that a stranger only
	// claims would hand over the customer's later tickets.
	Attach bool
}

var (
	keyForm      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	fieldForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	languageForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)
)

// cleanName folds white space and checks the length.
func cleanName(field, s string) (string, error) {
	s = oneLine(s)
	if utf8.RuneCountInString(s) > MaxName {
		return "", fault.Bad(field, "too_long", "a name has at most %d characters", MaxName).With("max", fmt.Sprint(MaxName))
	}
	return s, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(text.Clean(s)), " ") }

func checkTier(tier string) error {
	if !keyForm.MatchString(tier) {
		return fault.Bad("tier", "invalid", "a tier is a key of lower-case letters, digits and _")
	}
	return nil
}

func checkLanguage(field, s string) error {
	if s != "" && (len(s) > 35 || !languageForm.MatchString(s)) {
		return fault.Bad(field, "invalid", "a language is a BCP 47 tag such as zh-CN")
	}
	return nil
}

func cleanTags(tags []string) ([]string, error) {
	out := []string{}
	for _, tag := range tags {
		tag = oneLine(tag)
		if utf8.RuneCountInString(tag) > MaxTag {
			return nil, fault.Bad("tags", "too_long", "a tag has at most %d characters", MaxTag).With("max", fmt.Sprint(MaxTag))
		}
		if tag != "" && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	if len(out) > MaxTags {
		return nil, fault.Bad("tags", "too_many", "there are at most %d tags", MaxTags).With("max", fmt.Sprint(MaxTags))
	}
	return out, nil
}

func cleanNote(s string) (string, error) {
	s = strings.TrimSpace(text.Clean(s))
	if utf8.RuneCountInString(s) > MaxNote {
		return "", fault.Bad("note", "too_long", "a note has at most %d characters", MaxNote).With("max", fmt.Sprint(MaxNote))
	}
	return s, nil
}

// changeFields lays the changes over the fields; null takes a field away.
// Values are text, numbers, booleans or lists of text.
func changeFields(old, change map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for k, v := range old {
		out[k] = v
	}
	for k, v := range change {
		if !fieldForm.MatchString(k) {
			return nil, fault.Bad("fields", "invalid", "a field's key is made of lower-case letters, digits and _")
		}
		switch v := v.(type) {
		case nil:
			delete(out, k)
			continue
		case string:
			out[k] = text.Clean(v)
			continue
		case bool, float64, int, int64, json.Number:
		case []any:
			clean := make([]any, len(v))
			for i, x := range v {
				s, ok := x.(string)
				if !ok {
					return nil, fault.Bad("fields."+k, "invalid", "a list holds text only")
				}
				clean[i] = text.Clean(s)
			}
			out[k] = clean
			continue
		default:
			return nil, fault.Bad("fields."+k, "invalid", "a field holds text, a number, a boolean or a list of text")
		}
		out[k] = v
	}
	if len(out) > MaxFields {
		return nil, fault.Bad("fields", "too_many", "there are at most %d fields", MaxFields).With("max", fmt.Sprint(MaxFields))
	}
	if b, err := json.Marshal(out); err != nil || len(b) > MaxFieldBytes {
		return nil, fault.Bad("fields", "too_long", "all fields together have at most %d bytes", MaxFieldBytes).With("max", fmt.Sprint(MaxFieldBytes))
	}
	return out, nil
}

// Change is what may be edited of a customer; nil leaves it as it is.
type Change struct {
	ID       id.ID // of a new customer, made before; zero: another
	Name     *string
	Tier     *string
	Company  *id.ID // zero: none
	Tags     *[]string
	Note     *string
	Language *string
	Fields   map[string]any // by key; nil value: take it away
	Version  int64          // when set, the customer must still have it
}

// apply edits c and names what it changed.
func (x Change) apply(c *Customer) (changed []string, err error) {
	var bad fault.List
	keep := func(field string, differs bool, err error, set func()) {
		var f *fault.Error
		switch {
		case asFault(err, &f):
			bad = append(bad, f)
		case differs:
			changed = append(changed, field)
			set()
		}
	}
	if x.Name != nil {
		v, err := cleanName("name", *x.Name)
		if err == nil && v == "" {
			err = fault.Bad("name", "required", "a customer needs a name")
		}
		keep("name", v != c.Name || !c.Named, err, func() { c.Name, c.Named = v, true })
	}
	if x.Tier != nil {
		keep("tier", *x.Tier != c.Tier, checkTier(*x.Tier), func() { c.Tier = *x.Tier })
	}
	if x.Company != nil {
		keep("company_id", *x.Company != c.Company, nil, func() { c.Company = *x.Company })
	}
	if x.Tags != nil {
		v, err := cleanTags(*x.Tags)
		keep("tags", !slices.Equal(v, c.Tags), err, func() { c.Tags = v })
	}
	if x.Note != nil {
		v, err := cleanNote(*x.Note)
		keep("note", v != c.Note, err, func() { c.Note = v })
	}
	if x.Language != nil {
		keep("language", *x.Language != c.Language, checkLanguage("language", *x.Language), func() { c.Language = *x.Language })
	}
	if len(x.Fields) > 0 {
		v, err := changeFields(c.Fields, x.Fields)
		keep("fields", !equalJSON(v, c.Fields), err, func() { c.Fields = v })
	}
	return changed, bad.Err()
}

func equalJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
