package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/device/webgpu"
)

// deviceFlag adds --device.
func deviceFlag(f *pflag.FlagSet, name *string, fallback string) {
	f.StringVar(name, "device", fallback, "what computes: auto (a GPU, else the CPU), cpu, webgpu, or webgpu:N for adapter N of mien devices")
}

// halfFlag adds --half.
func halfFlag(f *pflag.FlagSet, half *bool) {
	f.BoolVar(half, "half", false, "on a GPU, store the generator's weights as half floats: half the memory, nearly the same picture")
}

func halfOptions(half bool) []webgpu.Option {
	if half {
		return []webgpu.Option{webgpu.WithHalf}
	}
	return nil
}

// hintVulkan says what a machine without an adapter lacks.
const hintVulkan = "on Linux a GPU needs its vendor's Vulkan driver and libvulkan1; mesa-vulkan-drivers has a software one"

// choose opens the device called name, and says in one line which that is and
// why. auto takes the first adapter that is a GPU, and the CPU when none
// answers: an adapter in software is slower than our own kernels, and is used
// only when it is asked for. A device asked for by name that is not there is
// an error.
func choose(name string, options ...webgpu.Option) (d device.Device, why string, err error) {
	kind, number, numbered := strings.Cut(name, ":")
	n := 0
	if numbered {
		if n, err = strconv.Atoi(number); err != nil || n < 0 || kind != "webgpu" {
			return nil, "", usage(fmt.Errorf("device %q: want auto, cpu, webgpu or webgpu:N", name), "mien devices lists them")
		}
	}
	switch kind {
	case "cpu":
		d = cpu.New()
		return d, d.Name() + ": asked for", nil
	case "webgpu":
		g, err := openGPU(n, numbered, options...)
		if err != nil {
			return nil, "", err
		}
		return g, g.Name() + ": asked for", nil
	case "auto":
		d, why = automatic(options)
		return d, why, nil
	}
	return nil, "", usage(fmt.Errorf("device %q: want auto, cpu, webgpu or webgpu:N", name), "mien devices lists them")
}

// openGPU opens adapter n; unless a number was given, the first that is no
// software, if there is one.
func openGPU(n int, exact bool, options ...webgpu.Option) (*webgpu.Device, error) {
	all, err := adapters()
	if err == nil && len(all) == 0 {
		err = webgpu.ErrNoAdapter
	}
	switch {
	case errors.Is(err, webgpu.ErrNoAdapter):
		return nil, &failure{exitData, hintVulkan + "; or use --device cpu", err}
	case err != nil:
		return nil, &failure{exitData, "use --device cpu", err}
	}
	if !exact {
		n = firstGPU(all)
	}
	d, err := webgpu.Open(max(n, 0), options...)
	if err != nil {
		return nil, &failure{exitData, "mien devices lists what is there", err}
	}
	return d, nil
}

// firstGPU returns the index of the first adapter that is no software, or -1.
func firstGPU(all []webgpu.Adapter) int {
	for i, a := range all {
		if !a.Software {
			return i
		}
	}
	return -1
}

// automatic chooses between GPU and CPU.
func automatic(options []webgpu.Option) (device.Device, string) {
	c := cpu.New()
	all, err := adapters()
	switch n := firstGPU(all); {
	case err != nil:
		return c, fmt.Sprintf("%s: %v", c.Name(), err)
	case len(all) == 0:
		return c, fmt.Sprintf("%s: %v (%s)", c.Name(), webgpu.ErrNoAdapter, hintVulkan)
	case n < 0:
		return c, fmt.Sprintf("%s: only a software adapter answers, %s, which is slower; --device webgpu uses it", c.Name(), all[0].Name)
	default:
		d, err := webgpu.Open(n, options...)
		if err != nil {
			return c, fmt.Sprintf("%s: %v", c.Name(), err)
		}
		return d, fmt.Sprintf("%s: a %s answers", d.Name(), d.Adapter().Kind)
	}
}

// adapters lists the GPUs. Mesa's drivers look for a Wayland session while
// they list them and complain of a missing XDG_RUNTIME_DIR on stderr, which
// says nothing about the GPU: the directory is named for them.
func adapters() ([]webgpu.Adapter, error) {
	const runtimeDir = "XDG_RUNTIME_DIR"
	if runtime.GOOS == "linux" && os.Getenv(runtimeDir) == "" {
		if err := os.Setenv(runtimeDir, os.TempDir()); err != nil {
			return nil, err
		}
	}
	return webgpu.Adapters()
}

// closeDevice releases a GPU; the CPU needs nothing.
func closeDevice(d device.Device, err *error) {
	if g, ok := d.(*webgpu.Device); ok {
		*err = errors.Join(*err, g.Close())
	}
}
