//go:build race

package email

const slow = 8
