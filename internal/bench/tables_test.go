package bench_test

import (
	"fmt"
	"strings"
	"testing"

	"zhidan/internal/bench"
)

func TestTablesAreMeasured(t *testing.T) {
	s := open(t, "sqlite:"+t.TempDir()+"/zhidan.db")
	got, err := bench.Tables(t.Context(), s, bench.TablesOptions{Tickets: 200, Rows: 50})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range got {
		names = append(names, fmt.Sprint(x.Name, " ", x.Rows))
		if x.PerSecond <= 0 {
			t.Errorf("%+v", x)
		}
	}
	if s := strings.Join(names, ", "); s != "export csv 200, export xlsx 200, import customers 50, import tickets 50" {
		t.Error(s)
	}
}
