//go:build unix

package server

import (
	"math"
	"syscall"
)

// openFiles is how many files this program may have open.
func openFiles() uint64 {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return math.MaxUint64
	}
	return uint64(r.Cur)
}
