// Package web carries the built front end inside the binary. It promises only
// the files: which path serves what, with which headers, is decided by the
// server. When the front end has not been built, Built reports false and Files
// holds one page that says how to build it.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed absent/index.html
var absent embed.FS

// Built reports whether a front end was embedded.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}

// Files is the root of the front end: index.html for every page (its
// __CSP_NONCE__ is for the server to fill), and assets/ with content-hashed
// names that may be cached for ever.
func Files() fs.FS {
	from, dir := dist, "dist"
	if !Built() {
		from, dir = absent, "absent"
	}
	sub, err := fs.Sub(from, dir)
	if err != nil {
		panic(err) // the names are fixed at compile time
	}
	return sub
}
