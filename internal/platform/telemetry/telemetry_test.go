package telemetry

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestLogFormats(t *testing.T) {
	var b bytes.Buffer
	l, err := NewLog(&b, "warn", "auto")
	if err != nil {
		t.Fatal(err)
	}
	l.Info("quiet")
	l.Warn("loud", "k", 1)
	if got := b.String(); !strings.HasPrefix(got, "{") || strings.Contains(got, "quiet") || !strings.Contains(got, `"k":1`) {
		t.Errorf("got %s", got)
	}
	if _, err := NewLog(&b, "loud", "auto"); err == nil {
		t.Error("a bad level is taken")
	}
	if _, err := NewLog(&b, "info", "xml"); err == nil {
		t.Error("a bad format is taken")
	}
}

func TestMetricsAreReadWhenAsked(t *testing.T) {
	m := NewMetrics("1.2.3")
	waiting := map[string]float64{"mail": 2}
	m.Gauges("zhidan_jobs_waiting", "Jobs that wait.", "kind", func() map[string]float64 { return waiting })
	m.Gauge("zhidan_db_open", "Connections.", nil, func() float64 { return 3 })
	m.Request("GET", "/x", 2).Observe(.002)
	waiting["sla"] = 5
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`zhidan_jobs_waiting{kind="mail"} 2`, `zhidan_jobs_waiting{kind="sla"} 5`, "zhidan_db_open 3", `zhidan_info{version="1.2.3"} 1`,
		`zhidan_http_request_seconds_count{method="GET",route="/x",status="2xx"} 1`, "go_goroutines", "process_resident_memory_bytes"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestNoEndpointNoTracing(t *testing.T) {
	tr, err := NewTracing(context.Background(), TraceConfig{})
	if err != nil || tr != nil {
		t.Fatalf("%v %v", tr, err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	if n := testing.AllocsPerRun(100, func() {
		ctx, end := tr.Request(context.Background(), r)
		_, end2 := tr.Start(ctx, "x")
		end2(nil)
		end("GET /", 200)
	}); n != 0 {
		t.Errorf("no tracing costs %v allocations", n)
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestSpans(t *testing.T) {
	rec := tracetest.NewInMemoryExporter()
	tr := newTracing(TraceConfig{}, sdk.WithSyncer(rec))
	r := httptest.NewRequest("GET", "/tickets/s3cret", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	ctx, end := tr.Request(r.Context(), r)
	_, inner := tr.Start(ctx, "store")
	inner(errors.New("no"))
	end("GET /tickets/{token}", http.StatusInternalServerError)
	spans := rec.GetSpans()
	if len(spans) != 2 || spans[1].Name != "GET /tickets/{token}" || spans[0].Parent.SpanID() != spans[1].SpanContext.SpanID() {
		t.Fatalf("spans %+v", spans)
	}
	if spans[1].SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
		t.Error("the trace of the caller is not continued")
	}
	for _, a := range spans[1].Attributes {
		if strings.Contains(a.Value.String(), "s3cret") {
			t.Error("the path is in the span")
		}
	}
}
