//go:build linux || darwin

package server

import "syscall"

// space is how large the disk of a directory is, and how much of it is free for
// this process.
func space(dir string) (total, free int64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Blocks == 0 {
		return 0, 0, false
	}
	return int64(s.Blocks) * int64(s.Bsize), int64(s.Bavail) * int64(s.Bsize), true
}
