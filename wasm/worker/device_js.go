package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mien/shared/device"
	"mien/shared/device/webgpu"
	"mien/shared/edit"
)

// raceFrames is how many frames the processor and the GPU draw to find out
// which is faster.
const raceFrames = 5

// drawing is the choice of the device that draws. Its methods run one at a
// time, in order, beside the messages of the photo (see later): compiling for a
// GPU takes a while, and meanwhile the processor draws.
type drawing struct {
	swap *edit.Swap
	home device.Device  // the processor
	gpu  *webgpu.Device // nil unless it is in use
	jobs chan func()
	told device.Device // which the page knows of
}

func newDrawing(swap *edit.Swap, home device.Device) *drawing {
	d := &drawing{swap: swap, home: home, told: home, jobs: make(chan func(), 64)}
	go func() {
		for job := range d.jobs {
			job()
		}
	}()
	return d
}

// later runs f after what was put off before.
func (d *drawing) later(f func()) { d.jobs <- f }

// choose follows the visitor's choice: "gpu", "cpu", or whichever is faster.
func (d *drawing) choose(ctx context.Context, mode string) {
	text, err := "", error(nil)
	switch mode {
	case "gpu":
		text, err = d.useGPU(ctx)
	case "cpu":
		text, err = "The processor draws.", d.swap.Move(ctx, d.home)
	default:
		text, err = d.race(ctx)
	}
	if err != nil {
		text = because(err)
		if bad := d.swap.Move(ctx, d.home); bad != nil {
			err = errors.Join(err, bad)
		}
	}
	if used, _ := d.swap.Device(); used == d.home {
		d.release()
	}
	d.tell(text, err)
}

// open makes the GPU ready.
func (d *drawing) open() error {
	if d.gpu != nil {
		return nil
	}
	g, err := webgpu.Open(0)
	if err == nil {
		d.gpu = g
	}
	return err
}

// release gives the GPU back, with all that was compiled for it.
func (d *drawing) release() {
	if d.gpu != nil {
		d.gpu.Close()
		d.gpu = nil
	}
}

func (d *drawing) useGPU(ctx context.Context) (string, error) {
	if err := d.open(); err != nil {
		return "", err
	}
	return fmt.Sprintf("The GPU draws: %s.", d.gpu.Adapter().Name), d.swap.Move(ctx, d.gpu)
}

// race lets the faster one draw. A GPU that the processor plays is not asked:
// it cannot win, and takes seconds to get ready.
func (d *drawing) race(ctx context.Context) (string, error) {
	all, err := webgpu.Adapters()
	if err != nil {
		return "", err
	}
	if all[0].Software {
		return fmt.Sprintf("The processor draws: the browser's GPU is a program (%s).", all[0].Name), d.swap.Move(ctx, d.home)
	}
	if err := d.open(); err != nil {
		return "", err
	}
	r, err := d.swap.Race(ctx, d.gpu, raceFrames)
	if err != nil {
		return "", err
	}
	home, gpu := milliseconds(r.Home), milliseconds(r.Rival)
	if r.Rival < r.Home {
		return fmt.Sprintf("The GPU draws: %s, %s ms a frame; the processor takes %s.", d.gpu.Adapter().Name, gpu, home), nil
	}
	return fmt.Sprintf("The processor draws: %s ms a frame; the GPU, %s, takes %s.", home, d.gpu.Adapter().Name, gpu), nil
}

func milliseconds(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	if ms < 10 {
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

// because says why the processor draws.
func because(err error) string {
	switch {
	case errors.Is(err, webgpu.ErrNoAdapter):
		return "The processor draws: this browser offers no GPU."
	case errors.Is(err, webgpu.ErrLost):
		return "The processor draws: the GPU was lost."
	case errors.Is(err, edit.ErrNoGenerator):
		return "The processor draws."
	}
	return fmt.Sprintf("The processor draws: the GPU failed (%v).", err)
}

// look notices, after a message or new weights, that the GPU failed.
func (d *drawing) look() {
	used, trouble := d.swap.Device()
	if used == d.told || trouble == nil {
		return
	}
	d.told = used
	d.later(func() {
		d.release()
		d.tell(because(trouble), trouble)
	})
}

// tell says which device draws and why.
func (d *drawing) tell(text string, err error) {
	d.told, _ = d.swap.Device()
	m := map[string]any{"type": "device", "device": name(d.told, d.home), "text": text}
	if err != nil {
		m["error"] = err.Error()
	}
	post(m)
}

func name(used, home device.Device) string {
	if used == home {
		return "cpu"
	}
	return "gpu"
}
