package telemetry

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is the registry of one node.
type Metrics struct {
	reg  *prometheus.Registry
	http *prometheus.HistogramVec
}

// Observer takes one measured value.
type Observer = prometheus.Observer

// NewMetrics makes a registry with what Go and the process tell of themselves.
func NewMetrics(version string) *Metrics {
	m := &Metrics{reg: prometheus.NewRegistry()}
	m.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.http = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "zhidan_http_request_seconds", Help: "Time to answer HTTP requests by route and class of status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"method", "route", "status"})
	m.reg.MustRegister(m.http)
	m.Gauge("zhidan_info", "The version that runs.", map[string]string{"version": version}, func() float64 { return 1 })
	return m
}

// Request is the observer of one route and class of status (2 for 2xx).
func (m *Metrics) Request(method, route string, class int) Observer {
	names := [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}
	return m.http.WithLabelValues(method, route, names[class])
}

// Gauge adds a value that is read when the metrics are asked for.
func (m *Metrics) Gauge(name, help string, labels map[string]string, read func() float64) {
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Counter adds a value that only grows and is read when the metrics are asked for.
func (m *Metrics) Counter(name, help string, labels map[string]string, read func() float64) {
	m.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Gauges adds values with a label whose names are not known beforehand, such
// as jobs waiting by kind: read gives label value → value.
func (m *Metrics) Gauges(name, help, label string, read func() map[string]float64) {
	m.reg.MustRegister(&gauges{prometheus.NewDesc(name, help, []string{label}, nil), read})
}

// Histogram adds a distribution, in seconds.
func (m *Metrics) Histogram(name, help string, labels map[string]string) Observer {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, ConstLabels: labels, Buckets: prometheus.ExponentialBuckets(.0005, 2.5, 12)})
	m.reg.MustRegister(h)
	return h
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

type gauges struct {
	desc *prometheus.Desc
	read func() map[string]float64
}

func (g *gauges) Describe(ch chan<- *prometheus.Desc) { ch <- g.desc }

func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	for label, v := range g.read() {
		ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, v, label)
	}
}
