package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func write(t *testing.T, yaml string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zhidan.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLaterLayersWin(t *testing.T) {
	file := write(t, "addr: 0.0.0.0:1\nlog:\n  level: warn\n  format: json\nsession: {idle: 30m}\ntrusted_proxies: [10.0.0.0/8, 192.0.2.1]\n")
	c, err := Load(Source{File: file, Env: []string{"ZHIDAN_ADDR=0.0.0.0:2", "ZHIDAN_LOG_LEVEL=error", "HOME=/root", "ZHIDAN_SHARED=x"}, Flags: map[string]string{"addr": "0.0.0.0:3"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "0.0.0.0:3" || c.Log.Level != "error" || c.Log.Format != "json" || c.Session.Idle != 30*time.Minute || c.Data != "./data" {
		t.Errorf("got %+v", c)
	}
	if p, err := c.TrustedProxies(); err != nil || fmt.Sprint(p) != "[10.0.0.0/8 192.0.2.1/32]" {
		t.Errorf("proxies %v %v", p, err)
	}
	if c.DatabaseURL() != "sqlite:data/zhidan.db" {
		t.Errorf("database %s", c.DatabaseURL())
	}
}

func TestBadValuesNameTheirKey(t *testing.T) {
	for _, tc := range []struct{ layer, set, want string }{
		{"file", "adr: x", `"adr"`},
		{"file", "log: {levle: x}", `"log.levle"`},
		{"file", "session: {idle: soon}", "session.idle"},
		{"file", "a: [", "config file"},
		{"env", "ZHIDAN_ADR=x", "ZHIDAN_ADR"},
		{"env", "ZHIDAN_HTTP_TIMEOUT=x", "ZHIDAN_HTTP_TIMEOUT"},
		{"env", "ZHIDAN_DEMO=maybe", "ZHIDAN_DEMO"},
		{"env", "ZHIDAN_ADDR=nowhere", "addr"},
		{"env", "ZHIDAN_ADDR=127.0.0.1:99999", "addr"},
		{"env", "ZHIDAN_DATABASE=mysql://u:canary@h/d", "database"},
		{"env", "ZHIDAN_PUBLIC_URL=desk.example.com", "public_url"},
		{"env", "ZHIDAN_TRUSTED_PROXIES=all", "trusted_proxies"},
		{"env", "ZHIDAN_LOG_LEVEL=loud", "log.level"},
		{"env", "ZHIDAN_LOG_FORMAT=xml", "log.format"},
		{"env", "ZHIDAN_SESSION_IDLE=200h", "session.idle"},
		{"env", "ZHIDAN_HTTP_MAX_BODY=1", "http.max_body"},
		{"env", "ZHIDAN_TRACE_SAMPLE=2", "trace.sample"},
		{"flag", "colour=red", `"colour"`},
		{"flag", "db.conns=many", "--db.conns"},
	} {
		src := Source{}
		switch tc.layer {
		case "file":
			src.File = write(t, tc.set)
		case "env":
			src.Env = []string{tc.set}
		case "flag":
			k, v, _ := strings.Cut(tc.set, "=")
			src.Flags = map[string]string{k: v}
		}
		_, err := Load(src)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s: error %v does not name %s", tc.layer, tc.set, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error shows a secret: %v", tc.set, err)
		}
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	const canary = "canary-5ecret"
	c, err := Load(Source{Env: []string{"ZHIDAN_DATABASE=postgres://u:" + canary + "@h/d", "ZHIDAN_BLOB_SECRET_KEY=" + canary, "ZHIDAN_BLOB_ACCESS_KEY=" + canary}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, v := range []any{c, &c, c.Blob, c.Database, &c.Database, map[string]any{"k": c.Database}} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&out, format, v)
		}
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		y, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(j)
		out.Write(y)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("config", "config", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("config", "config", v)
	}
	if strings.Contains(out.String(), canary) {
		i := strings.Index(out.String(), canary)
		t.Errorf("a secret shows: …%s…", out.String()[max(0, i-60):i+20])
	}
	if !strings.Contains(out.String(), "[secret]") {
		t.Error("nothing says that a secret is there")
	}
	if c.Database.Reveal() != "postgres://u:"+canary+"@h/d" || !c.Database.Set() {
		t.Error("the secret is lost")
	}
}
