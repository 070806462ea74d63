package form

import (
	"math"
	"strconv"
	"strings"
)

// Cell reads what stands in a table as a value of the field: a choice by its
// key or a name, a path with "/" between its steps, money as an amount in major
// units with an optional currency. What it cannot read it hands on as the text
// it is, for Validate to refuse by name.
func (f Field) Cell(word string) any {
	word = strings.TrimSpace(word)
	switch f.Kind {
	case Number:
		if n, err := strconv.ParseFloat(strings.ReplaceAll(word, ",", ""), 64); err == nil {
			return n
		}
	case Boolean:
		switch strings.ToLower(word) {
		case "true", "yes", "y", "1", "是":
			return true
		case "false", "no", "n", "0", "否":
			return false
		}
	case Choice:
		if o := named(f.Options, word); o != nil {
			return o.Key
		}
	case Cascade:
		var path []any
		options := f.Options
		for part := range strings.SplitSeq(word, "/") {
			o := named(options, strings.TrimSpace(part))
			if o == nil {
				return word
			}
			path, options = append(path, o.Key), o.Children
		}
		return path
	case Money:
		amount, unit, _ := strings.Cut(strings.ReplaceAll(word, ",", ""), " ")
		if unit == "" {
			unit = "CNY"
		}
		if n, err := strconv.ParseFloat(amount, 64); err == nil && math.Abs(n) < 1e13 {
			return map[string]any{"amount_minor": math.Round(n * 100), "currency": unit}
		}
	case Attachment, Text, Date, Person:
	}
	return word
}

func named(options []Option, word string) *Option {
	for i, o := range options {
		if strings.EqualFold(o.Key, word) || o.Name.ZH == word || strings.EqualFold(o.Name.EN, word) {
			return &options[i]
		}
	}
	return nil
}
