package learn

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// maxTable bounds a file that is read for evaluation.
const maxTable = 512 << 20

// noLabel asks for texts only.
const noLabel = "\x00"

// readExamples reads CSV or TSV with a header, or JSONL, told by the content.
func readExamples(path, text, label string) ([]Example, error) {
	rows, header, err := readTable(path)
	if err != nil {
		return nil, err
	}
	if text == "" {
		text = "text"
	}
	var texts, labels []int
	for name := range strings.SplitSeq(text, ",") {
		i := slices.Index(header, strings.TrimSpace(name))
		if i < 0 {
			return nil, fmt.Errorf("%s: no column %q", path, name)
		}
		texts = append(texts, i)
	}
	switch {
	case label == noLabel:
	case label != "":
		for name := range strings.SplitSeq(label, ",") {
			i := slices.Index(header, strings.TrimSpace(name))
			if i < 0 {
				return nil, fmt.Errorf("%s: no column %q", path, name)
			}
			labels = append(labels, i)
		}
	case slices.Contains(header, "label"):
		labels = []int{slices.Index(header, "label")}
	case len(header) > 1:
		labels = []int{1}
	default:
		return nil, fmt.Errorf("%s: no column of labels", path)
	}
	out := make([]Example, 0, len(rows))
	for n, row := range rows {
		cell := func(i int) string {
			if i < len(row) {
				return row[i]
			}
			return ""
		}
		var e Example
		var body []string
		for j, i := range texts {
			if j == 0 && len(texts) > 1 && (header[i] == "title" || header[i] == "subject") {
				e.Title = cell(i)
				continue
			}
			body = append(body, cell(i))
		}
		e.Text = strings.Join(body, "\n")
		var l []string
		for _, i := range labels {
			l = append(l, cell(i))
		}
		if e.Label = strings.Join(l, "/"); e.Label == "" && len(labels) > 0 {
			return nil, fmt.Errorf("%s: row %d has no label", path, n+1)
		}
		out = append(out, e)
	}
	return out, nil
}

func readTable(path string) (rows [][]string, header []string, err error) {
	if s, err := os.Stat(path); err == nil && s.Size() > maxTable {
		return nil, nil, fmt.Errorf("%s: longer than %d bytes", path, maxTable)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	first, _, _ := bytes.Cut(data, []byte("\n"))
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(first), []byte("{")):
		return readLines(path, data)
	case bytes.ContainsRune(first, '\t'):
		// A tab never stands inside a value, and quotes mean nothing unless
		// they enclose the whole of one.
		for line := range strings.Lines(string(data)) {
			line = strings.TrimRight(line, "\r\n")
			if line == "" {
				continue
			}
			cells := strings.Split(line, "\t")
			for i, c := range cells {
				if len(c) > 1 && c[0] == '"' && c[len(c)-1] == '"' {
					cells[i] = strings.ReplaceAll(c[1:len(c)-1], `""`, `"`)
				}
			}
			rows = append(rows, cells)
		}
	default:
		r := csv.NewReader(bytes.NewReader(data))
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		if rows, err = r.ReadAll(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("%s: empty", path)
	}
	return rows[1:], rows[0], nil
}

// readLines reads one JSON object a line; the first decides on the columns,
// in their order.
func readLines(path string, data []byte) (rows [][]string, header []string, err error) {
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 16<<20)
	for n := 1; s.Scan(); n++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		// Python writes NaN for what is missing, which is not JSON.
		line := bytes.ReplaceAll(s.Bytes(), []byte(": NaN"), []byte(": null"))
		var object map[string]json.RawMessage
		if err := json.Unmarshal(line, &object); err != nil {
			return nil, nil, fmt.Errorf("%s: line %d: %w", path, n, err)
		}
		if header == nil {
			header = keysInOrder(line)
		}
		row := make([]string, len(header))
		for i, k := range header {
			if json.Unmarshal(object[k], &row[i]) != nil {
				row[i] = string(object[k]) // a number, say
			}
		}
		rows = append(rows, row)
	}
	return rows, header, s.Err()
}

func keysInOrder(object []byte) []string {
	d := json.NewDecoder(bytes.NewReader(object))
	d.Token() // the brace
	var keys []string
	for d.More() {
		k, err := d.Token()
		if err != nil {
			break
		}
		name, ok := k.(string)
		if !ok {
			break
		}
		keys = append(keys, name)
		var skip json.RawMessage
		if d.Decode(&skip) != nil {
			break
		}
	}
	return keys
}

func readLabels(path string) ([]Label, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []Label
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		var l Label
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, n, err)
		}
		out = append(out, l)
	}
	return out, nil
}
