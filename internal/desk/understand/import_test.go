package understand_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhidan/internal/desk/understand"
	"zhidan/internal/zhidantest"
)

func TestImportOfExamples(t *testing.T) {
	sheet := func(rows ...[]any) []byte {
		f := excelize.NewFile()
		defer f.Close()
		for i, row := range rows {
			if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	gbk := func(s string) []byte {
		b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	type result struct {
		Rows, Added int
		Unknown     []string `json:"unknown_labels"`
		Errors      []struct {
			Row  int
			Code string
		}
		Preview []struct{ Text, Title, Label string }
	}
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		send := func(data []byte, query ...string) (r result) {
			t.Helper()
			q := url.Values{"field": {"type"}}
			for i := 0; i+1 < len(query); i += 2 {
				q.Set(query[i], query[i+1])
			}
			a := h.Call("POST", "/understanding/examples/import?"+q.Encode(), data, "Content-Type", "application/octet-stream")
			if a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			a.JSON(t, &r)
			return r
		}
		kept := func() int {
			var list struct{ Items []any }
			h.Call("GET", "/understanding/examples?field=type", nil).JSON(t, &list)
			return len(list.Items)
		}
		table := sheet([]any{"编号", "标题", "正文", "标签"}, []any{1, "坏了", "冰箱不制冷", "repair"}, []any{2, "", "想退掉这个壶", "return"}, []any{3, nil, "夸一下师傅", "不存在"}, []any{4, "空", nil, "praise"})
		for _, dry := range []string{"true", "false"} {
			r := send(table, "dry_run", dry)
			if r.Rows != 4 || r.Added != 2 || len(r.Unknown) != 1 || r.Unknown[0] != "不存在" || len(r.Errors) != 2 || r.Errors[0].Row != 4 || r.Errors[1].Row != 5 || r.Errors[1].Code != "text.required" {
				t.Errorf("dry %s: %+v", dry, r)
			}
			if len(r.Preview) != 2 || r.Preview[0].Text != "冰箱不制冷" || r.Preview[0].Title != "坏了" || r.Preview[0].Label != "repair" {
				t.Errorf("preview: %+v", r.Preview)
			}
			if n := kept(); n != map[string]int{"true": 0, "false": 2}[dry] {
				t.Errorf("dry %s: %d kept", dry, n)
			}
		}
		// CSV: quoted lines, other separators, other charsets, columns by name.
		if r := send([]byte("what,kind\n\"one, two\nthree\",praise\n"), "text", "what", "label", "kind"); r.Added != 1 || r.Preview[0].Text != "one, two\nthree" {
			t.Errorf("%+v", r)
		}
		if r := send(gbk("类型;内容\nrepair;洗衣机漏水了，麻烦派人来看看\n")); r.Added != 1 || r.Preview[0].Text != "洗衣机漏水了，麻烦派人来看看" {
			t.Errorf("%+v", r)
		}
		if r := send([]byte("label\ttitle\ttext\nrepair\t\ttap drips\n")); r.Added != 1 || r.Preview[0].Title != "" || r.Preview[0].Text != "tap drips" {
			t.Errorf("%+v", r)
		}
		for want, in := range map[string]struct {
			query string
			data  []byte
		}{
			`"field":"field"`: {"field=risk", []byte("text,label\nx,y\n")},
			`"field":"text"`:  {"field=type&text=nope", []byte("text,label\nx,y\n")},
			`"field":"label"`: {"field=type", []byte("text,other\nx,y\n")},
			`"field":"file"`:  {"field=type", []byte("text,label\n")},
			"too_many":        {"field=type", []byte("text,label\n" + strings.Repeat("x,repair\n", understand.MaxImport+1))},
			"broken":          {"field=type", zipped(t, map[string]string{"a.txt": "x"})},
		} {
			if a := h.Call("POST", "/understanding/examples/import?"+in.query, in.data, "Content-Type", "text/csv"); a.Status != 422 || !strings.Contains(string(a.Body), want) {
				t.Errorf("%s: %d %s", want, a.Status, a.Body)
			}
		}
		// A file that inflates to more than is read is refused.
		bomb := zipped(t, map[string]string{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": strings.Repeat(" ", 65<<20)})
		if a := h.Call("POST", "/understanding/examples/import?field=type", bomb, "Content-Type", "text/csv"); a.Status != 422 {
			t.Errorf("bomb: %d", a.Status)
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("text,label\n\"a\",b\n"))
	f.Add([]byte("a;b\tc\n\"\"\"x;\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := understand.Table(data)
		if err == nil && len(rows) > understand.MaxImport+1 {
			t.Errorf("%d rows", len(rows))
		}
	})
}
