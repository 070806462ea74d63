package staff_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"zhidan/internal/zhidantest"
)

// A person's picture is made small and square, seen by colleagues, and gone
// when it is taken away; what is no picture is refused and changes nothing.
func TestPictureOfOneself(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		draw := func(w, hgt int) image.Image {
			x := image.NewRGBA(image.Rect(0, 0, w, hgt))
			for i := range w {
				x.Set(i, hgt/2, color.RGBA{200, 30, 30, 255})
			}
			return x
		}
		var wide, moving bytes.Buffer
		if err := png.Encode(&wide, draw(300, 120)); err != nil {
			t.Fatal(err)
		}
		if err := gif.Encode(&moving, draw(64, 64), nil); err != nil {
			t.Fatal(err)
		}
		face := func() string {
			t.Helper()
			var c struct {
				Staff []struct {
					ID     string
					Avatar struct{ Picture string }
				}
			}
			h.Call("GET", "/config", nil).JSON(t, &c)
			for _, p := range c.Staff {
				if p.ID == h.Admin.ID.String() {
					return p.Avatar.Picture
				}
			}
			t.Fatal("the person is not there")
			return ""
		}
		put := func(raw []byte) zhidantest.Answer {
			return h.Call("PUT", "/me/picture", raw, "Content-Type", "application/octet-stream")
		}
		if a := put(wide.Bytes()); a.Status != 204 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		hash := face()
		at := "/staff/users/" + h.Admin.ID.String() + "/picture/" + hash
		other := h.User("b@example.com", "同事", "agent")
		a := h.Call("GET", at, nil, "Authorization", "Bearer "+h.TokenFor(other))
		if a.Status != 200 || a.Header.Get("Content-Type") != "image/jpeg" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Fatalf("%d %v", a.Status, a.Header)
		}
		got, err := jpeg.DecodeConfig(bytes.NewReader(a.Body))
		if err != nil || got.Width != 192 || got.Height != 192 {
			t.Errorf("%+v %v", got, err)
		}
		for name, bad := range map[string][]byte{"a moving one": moving.Bytes(), "words": []byte("<svg onload=alert(1)>"), "cut off": wide.Bytes()[:len(wide.Bytes())/2]} {
			if a := put(bad); a.Status != 422 || !strings.Contains(string(a.Body), `"picture"`) {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		if a := put(bytes.Repeat([]byte{1}, 1<<20+2)); a.Status != 413 {
			t.Errorf("too large: %d %s", a.Status, a.Body)
		}
		if face() != hash {
			t.Error("what was refused has changed it")
		}
		if a := put([]byte{}); a.Status != 204 || face() != "" || h.Call("GET", at, nil).Status != 404 {
			t.Errorf("taken away: %d %q", a.Status, face())
		}
	})
}
