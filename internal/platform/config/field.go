package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is one key of Config.
type field struct {
	v    reflect.Value
	help string
}

// collect finds the keys of a struct.
func collect(v reflect.Value, prefix string, into map[string]field) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		key := prefix + sf.Tag.Get("key")
		if _, isText := v.Field(i).Addr().Interface().(encoding.TextUnmarshaler); sf.Type.Kind() == reflect.Struct && !isText {
			collect(v.Field(i), key+".", into)
			continue
		}
		into[key] = field{v.Field(i), sf.Tag.Get("help")}
	}
}

// set reads one value. The value is not in the error: it may be a secret.
func (f field) set(s string) error {
	if u, ok := f.v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(s))
	}
	switch p := f.v.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("is not a time such as 90s or 12h")
		}
		*p = d
		return nil
	case *[]string:
		*p = nil
		for part := range strings.SplitSeq(s, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*p = append(*p, part)
			}
		}
		return nil
	}
	switch f.v.Kind() {
	case reflect.String:
		f.v.SetString(s)
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("is not true or false")
		}
		f.v.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return fmt.Errorf("is not a whole number")
		}
		f.v.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fmt.Errorf("is not a number")
		}
		f.v.SetFloat(n)
	default:
		return fmt.Errorf("has a type that cannot be configured")
	}
	return nil
}

// text writes a value of the YAML parser as the other layers give theirs.
func text(v any) string {
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, e := range list {
			parts[i] = fmt.Sprint(e)
		}
		return strings.Join(parts, ",")
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
