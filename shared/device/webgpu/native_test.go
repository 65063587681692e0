//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

package webgpu

import (
	"testing"

	"mien/shared/device/devicetest"
)

// open returns the first GPU, or skips.
func open(t testing.TB, options ...Option) *Device {
	t.Helper()
	all, err := Adapters()
	if err != nil || len(all) == 0 {
		t.Skipf("NO WEBGPU ADAPTER (%v): GPU kernels are not tested here; install mesa-vulkan-drivers and libvulkan1", err)
	}
	d, err := Open(0, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestDevice(t *testing.T) { devicetest.Run(t, open(t)) }
