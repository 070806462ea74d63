package web

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// The docs page is ours, so that it loads nothing from elsewhere.
var (
	//go:embed docs/docs.html
	docsHTML []byte
	//go:embed docs/docs.js
	docsJS []byte
	//go:embed docs/docs.css
	docsCSS []byte
)

// registerBuiltin adds what every node answers outside the API.
func (a *API) registerBuiltin() {
	a.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, "application/json", []byte(`{"status":"ok"}`+"\n"))
	})
	a.mux.HandleFunc("GET /readyz", a.readyz)
	if a.cfg.Metrics != nil {
		a.mux.Handle("GET /metrics", a.cfg.Metrics.Handler())
	}
	a.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) {
		doc, etag := a.spec.get(a)
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Type", "application/json")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(doc))
	})
	for path, f := range map[string]struct {
		typ  string
		body []byte
	}{
		"/docs":          {"text/html; charset=utf-8", docsHTML},
		"/docs/docs.js":  {"text/javascript; charset=utf-8", docsJS},
		"/docs/docs.css": {"text/css; charset=utf-8", docsCSS},
	} {
		a.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			send(w, http.StatusOK, f.typ, f.body)
		})
	}
}

func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header()["Cache-Control"] = []string{"no-cache"}
	w.WriteHeader(status)
	w.Write(body)
}

// readyz asks all checks at once and names those that fail; why they fail
// stays in the log.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	answer := struct {
		Status string            `json:"status"`
		Checks map[string]string `json:"checks"`
	}{"ok", map[string]string{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	status := http.StatusOK
	for name, check := range a.cfg.Ready {
		wg.Go(func() {
			err := check(ctx)
			mu.Lock()
			defer mu.Unlock()
			answer.Checks[name] = "ok"
			if err != nil {
				answer.Status, answer.Checks[name], status = "unavailable", "unavailable", http.StatusServiceUnavailable
				a.cfg.Log.Warn("not ready", "check", name, "error", err)
			}
		})
	}
	wg.Wait()
	b, _ := json.Marshal(answer)
	send(w, status, "application/json", append(b, '\n'))
}
