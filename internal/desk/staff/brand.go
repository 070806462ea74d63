package staff

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	_ "image/gif"  // a logo may come as one of these
	_ "image/jpeg" // and leaves as PNG
	"image/png"
	"math"
	"regexp"
	"strconv"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Brand is how the house looks to its people.
type Brand struct {
	Color string `json:"color,omitempty" doc:"#rrggbb of buttons and links; absent: the product's own"`
	Logo  string `json:"logo,omitempty" doc:"hash of the picture; absent: the product's own"`
}

const (
	maxLogo     = 256 << 10
	maxLogoSide = 1024
)

var hexColor = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// leastContrast is what WCAG asks of text (AA).
const leastContrast = 4.5

// checkColor refuses a colour on which white cannot be read.
func checkColor(color string) error {
	if color == "" {
		return nil
	}
	if !hexColor.MatchString(color) {
		return fault.Bad("color", "invalid", "a colour is written as #2f5bea")
	}
	if c := contrastToWhite(color); c < leastContrast {
		return fault.Bad("color", "contrast", "white text on this colour has a contrast of %.1f, and needs %.1f", c, leastContrast).With("contrast", strconv.FormatFloat(c, 'f', 1, 64))
	}
	return nil
}

// contrastToWhite is the ratio of WCAG 2, from 1 to 21.
func contrastToWhite(color string) float64 {
	n, _ := strconv.ParseUint(color[1:], 16, 32)
	line := func(v uint64) float64 {
		x := float64(v&0xff) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 1.05 / (0.2126*line(n>>16) + 0.7152*line(n>>8) + 0.0722*line(n) + 0.05)
}

// cleanLogo draws a picture anew, so that nothing that was hidden in the file
// remains.
func cleanLogo(raw []byte) ([]byte, error) {
	bad := fault.Bad("logo", "picture", "a PNG, JPEG or GIF of at most %d × %d pixels and %d KB", maxLogoSide, maxLogoSide, maxLogo>>10)
	c, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || len(raw) > maxLogo || c.Width > maxLogoSide || c.Height > maxLogoSide || c.Width < 16 || c.Height < 16 {
		return nil, bad
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, bad
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// TenantChange is what a company changes about itself; nil stays as it is.
type TenantChange struct {
	Name     *string
	Locale   *string
	TimeZone *string
	Color    *string // empty: the product's own
}

// UpdateTenant changes the company's name, language, time zone and colour.
func (h *House) UpdateTenant(ctx context.Context, a *Actor, version int64, in TenantChange) (Tenant, error) {
	return h.saveTenant(ctx, a, version, func(t *Tenant) (err error) {
		if in.Name != nil {
			if t.Name, err = cleanName("name", *in.Name); err != nil {
				return err
			}
		}
		if in.Locale != nil {
			if t.Locale, err = cleanLocale("locale", *in.Locale, t.Locale); err != nil {
				return err
			}
		}
		if in.TimeZone != nil {
			if t.TimeZone, err = cleanTimeZone("time_zone", *in.TimeZone); err != nil {
				return err
			}
		}
		if in.Color != nil {
			t.Brand.Color = *in.Color
		}
		return checkColor(t.Brand.Color)
	}, nil)
}

// SetLogo changes the company's picture; nothing takes it away.
func (h *House) SetLogo(ctx context.Context, a *Actor, raw []byte) (Tenant, error) {
	var picture []byte
	hash := ""
	if len(raw) > 0 {
		var err error
		if picture, err = cleanLogo(raw); err != nil {
			return Tenant{}, err
		}
		sum := sha256.Sum256(picture)
		hash = hex.EncodeToString(sum[:8])
	}
	return h.saveTenant(ctx, a, 0, func(t *Tenant) error { t.Brand.Logo = hash; return nil }, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `delete from tenant_logo where tenant_id = $1`, a.Tenant); err != nil || hash == "" {
			return err
		}
		_, err := tx.Exec(ctx, `insert into tenant_logo (tenant_id, hash, content) values ($1, $2, $3)`, a.Tenant, hash, picture)
		return err
	})
}

func (h *House) saveTenant(ctx context.Context, a *Actor, version int64, change func(*Tenant) error, also func(context.Context, *db.Tx) error) (Tenant, error) {
	var t Tenant
	err := h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		old := dir.Tenant
		if err := checkVersion(version, old.Version); err != nil {
			return err
		}
		t = old
		if err := change(&t); err != nil {
			return err
		}
		t.Version = old.Version + 1
		brand, err := json.Marshal(t.Brand)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update tenant set name = $2, locale = $3, time_zone = $4, brand = $5, version = $6 where tenant_id = $1`, a.Tenant, t.Name, t.Locale, t.TimeZone, string(brand), t.Version); err != nil {
			return err
		}
		if also != nil {
			if err := also(ctx, tx); err != nil {
				return err
			}
		}
		return h.Record(ctx, tx, a, Act{Kind: "tenant.updated", Name: t.Name, Changes: Changes(old, t, "id", "version")})
	})
	return t, err
}

// Logo is the company's picture, a PNG.
func (h *House) Logo(ctx context.Context, tenant id.ID, hash string) ([]byte, error) {
	var content []byte
	err := h.DB.QueryRow(ctx, `select content from tenant_logo where tenant_id = $1 and hash = $2`, tenant, hash).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("logo")
	}
	return content, err
}
