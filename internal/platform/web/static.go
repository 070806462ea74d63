package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// static serves the built web app from memory. Files with a hash in their name
// never change and are cached for ever; everything else is asked for again. A
// path that no file has gets index.html when a browser navigates to it, so
// that the app's own routes can be opened and reloaded.
type static struct {
	files map[string]*asset
	index []byte
}

type asset struct {
	body, gzip, brotli []byte
	contentType, etag  string
	immutable          bool
}

// hashed is the name that a bundler gives to files with the hash of their
// content: index-D3adB33f.js.
var hashed = regexp.MustCompile(`[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$`)

// nonceMark stands in index.html where scripts and styles that the app makes
// at run time find the nonce of the page's content security policy.
const nonceMark = "__CSP_NONCE__"

func newStatic(fsys fs.FS) *static {
	s := &static{files: map[string]*asset{}}
	packed := map[string][]byte{}
	fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if ext := path.Ext(name); ext == ".gz" || ext == ".br" {
			packed[name] = b
			return nil
		}
		sum := sha256.Sum256(b)
		a := &asset{body: b, contentType: typeOf(name), etag: `"` + hex.EncodeToString(sum[:8]) + `"`,
			immutable: strings.HasPrefix(name, "assets/") && hashed.MatchString(name)}
		s.files["/"+name] = a
		return nil
	})
	for name, a := range s.files {
		a.gzip, a.brotli = packed[name[1:]+".gz"], packed[name[1:]+".br"]
	}
	if a := s.files["/index.html"]; a != nil {
		s.index = a.body
	}
	return s
}

func typeOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// page answers everything that is neither API nor built in.
func (a *API) page(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.writeProblem(w, r, newProblem(http.StatusNotFound, "route.not_found", "there is no such path"))
		return
	}
	if a.static == nil {
		a.writeProblem(w, r, newProblem(http.StatusNotFound, "route.not_found", "there is no such path"))
		return
	}
	if f := a.static.files[r.URL.Path]; f != nil && r.URL.Path != "/index.html" {
		f.serve(w, r)
		return
	}
	if a.static.index == nil || !navigation(r) {
		a.writeProblem(w, r, newProblem(http.StatusNotFound, "route.not_found", "there is no such path"))
		return
	}
	a.static.serveIndex(w, r)
}

// navigation is a browser that opens a page: it wants HTML, and the path does
// not look like a file that is missing.
func navigation(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && path.Ext(r.URL.Path) == "" ||
		r.URL.Path == "/" || r.URL.Path == "/index.html"
}

func (s *static) serveIndex(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	body := s.index
	if bytes.Contains(body, []byte(nonceMark)) {
		nonce := rand.Text()
		body = bytes.ReplaceAll(body, []byte(nonceMark), []byte(nonce))
		h["Content-Security-Policy"] = []string{csp + fmt.Sprintf("; style-src 'self' 'nonce-%s'; script-src 'self' 'nonce-%s'", nonce, nonce)}
	}
	h["Cache-Control"] = noStore
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

func (f *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("ETag", f.etag)
	h["Cache-Control"] = []string{"no-cache"}
	if f.immutable {
		h["Cache-Control"] = []string{"public, max-age=31536000, immutable"}
	}
	body := f.body
	if f.gzip != nil || f.brotli != nil {
		h.Set("Vary", "Accept-Encoding")
		switch {
		case f.brotli != nil && accepts(r, "br"):
			body = f.brotli
			h.Set("Content-Encoding", "br")
		case f.gzip != nil && accepts(r, "gzip"):
			body = f.gzip
			h.Set("Content-Encoding", "gzip")
		}
	}
	if matches(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// accepts reads Accept-Encoding; "br;q=0" is a no.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
