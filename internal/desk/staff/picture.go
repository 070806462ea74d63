package staff

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // a picture may come as one of these
	"io"
	"net/http"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

const (
	maxPicture     = 1 << 20
	maxPictureSide = 8192
	mostPixels     = 24_000_000 // what decoding may take: some 100 MB
	pictureSide    = 192
)

// cleanPicture draws a picture anew as a small square, so that nothing that was
// hidden in the file remains.
func cleanPicture(raw []byte) ([]byte, error) {
	bad := fault.Bad("picture", "picture", "a PNG, JPEG or WebP of at most %d KB and %d × %d pixels", maxPicture>>10, maxPictureSide, maxPictureSide)
	if len(raw) > maxPicture {
		return nil, bad
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || kind != "png" && kind != "jpeg" && kind != "webp" ||
		min(c.Width, c.Height) < 16 || max(c.Width, c.Height) > maxPictureSide || c.Width*c.Height > mostPixels {
		return nil, bad
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, bad
	}
	b := picture.Bounds()
	side := min(b.Dx(), b.Dy())
	from := image.Rect(0, 0, side, side).Add(b.Min).Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	square := image.NewRGBA(image.Rect(0, 0, pictureSide, pictureSide))
	draw.Draw(square, square.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src) // under what is transparent
	draw.CatmullRom.Scale(square, square.Bounds(), picture, from, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, square, &jpeg.Options{Quality: 88}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// SetPicture changes the actor's own picture; nothing takes it away.
func (h *House) SetPicture(ctx context.Context, a *Actor, raw []byte) error {
	var picture []byte
	hash := ""
	if len(raw) > 0 {
		var err error
		if picture, err = cleanPicture(raw); err != nil {
			return err
		}
		sum := sha256.Sum256(picture)
		hash = hex.EncodeToString(sum[:8])
	}
	return h.changeIn(ctx, a.Tenant, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update staff_user set picture = $3, version = version + 1 where tenant_id = $1 and id = $2`, a.Tenant, a.ID, hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing("user")
		}
		if _, err := tx.Exec(ctx, `delete from staff_picture where tenant_id = $1 and user_id = $2`, a.Tenant, a.ID); err != nil || hash == "" {
			return err
		}
		_, err = tx.Exec(ctx, `insert into staff_picture (tenant_id, user_id, hash, content) values ($1, $2, $3, $4)`, a.Tenant, a.ID, hash, picture)
		return err
	})
}

// Picture is the picture of a person, a JPEG.
func (h *House) Picture(ctx context.Context, tenant, user id.ID, hash string) ([]byte, error) {
	var content []byte
	err := h.DB.QueryRow(ctx, `select content from staff_picture where tenant_id = $1 and user_id = $2 and hash = $3`, tenant, user, hash).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("picture")
	}
	return content, err
}

func (h *House) registerPicture(api *web.API) {
	web.Handle(api, web.Op{Method: "PUT", Path: "/me/picture", ID: "me-picture", Summary: "Change my picture, a PNG, JPEG or WebP; an empty body takes it away", Permission: web.SignedIn, MaxBody: maxPicture + 1, Status: http.StatusNoContent, Tags: []string{"Me"}},
		func(w http.ResponseWriter, r *http.Request) error {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			if err := h.SetPicture(r.Context(), From(r.Context()), raw); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		})
	web.Handle(api, web.Op{Method: "GET", Path: "/staff/users/{id}/picture/{hash}", ID: "staff-picture", Summary: "The picture of a colleague, a JPEG", Permission: web.SignedIn, Tags: []string{"Staff"}},
		func(w http.ResponseWriter, r *http.Request) error {
			user, err := id.Parse(r.PathValue("id"))
			if err != nil {
				return fault.Missing("picture")
			}
			content, err := h.Picture(r.Context(), From(r.Context()).Tenant, user, r.PathValue("hash"))
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", "image/jpeg")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("Cache-Control", "private, max-age=31536000, immutable") // the hash is in its address
			_, err = w.Write(content)
			return err
		})
}
