package telemetry

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracing records spans. A nil *Tracing records nothing and costs a nil check.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	carrier  propagation.TraceContext
}

// TraceConfig says where spans go.
type TraceConfig struct {
	Endpoint string // base URL of an OTLP/HTTP collector; empty = no tracing
	Version  string
	Sample   float64 // share of requests that are recorded; 0 = all
}

// NewTracing starts tracing, or returns nil when no endpoint is configured.
func NewTracing(ctx context.Context, c TraceConfig) (*Tracing, error) {
	if c.Endpoint == "" {
		return nil, nil
	}
	ex, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.Endpoint))
	if err != nil {
		return nil, err
	}
	return newTracing(c, sdk.WithBatcher(ex)), nil
}

func newTracing(c TraceConfig, to sdk.TracerProviderOption) *Tracing {
	if c.Sample == 0 {
		c.Sample = 1
	}
	p := sdk.NewTracerProvider(to,
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(c.Sample))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "zhidan"), attribute.String("service.version", c.Version))))
	return &Tracing{provider: p, tracer: p.Tracer("zhidan")}
}

// Start begins a span; end ends it, with the error if there was one.
func (t *Tracing) Start(ctx context.Context, name string) (_ context.Context, end func(error)) {
	if t == nil {
		return ctx, nothing
	}
	ctx, span := t.tracer.Start(ctx, name)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

func nothing(error) {}

// Request begins the span of an HTTP request as a child of what the caller
// says. The path stays out of it: it may hold a secret; the route is enough.
func (t *Tracing) Request(ctx context.Context, r *http.Request) (_ context.Context, end func(route string, status int)) {
	if t == nil {
		return ctx, nothingRequest
	}
	ctx = t.carrier.Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(route string, status int) {
		span.SetName(route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

func nothingRequest(string, int) {}

// Close sends what is still held.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
