// Command pagerun runs model files in a browser for a script, to be compared
// with other runtimes there. It sets mienRun:
//
//	load(bytes, late) -> id, with the name of the input that changes alone, or ''
//	write(id, name, floats)    run(id)
//	read(id, name) -> floats    threads(n) -> how many share a step
//
// What fails throws.
package main

import (
	"context"
	"fmt"
	"syscall/js"
	"unsafe"

	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/device/cpu/simd"
	"mien/shared/model"
	"mien/shared/plan"
)

type loaded struct {
	plan    *plan.Plan
	program device.Program
}

var programs []loaded

func main() {
	js.Global().Set("mienRun", map[string]any{
		"load":    verb(load),
		"write":   verb(write),
		"run":     verb(func(a []js.Value) (any, error) { return nil, programs[a[0].Int()].program.Run(context.Background()) }),
		"read":    verb(read),
		"threads": verb(func(a []js.Value) (any, error) { return simd.SetThreads(a[0].Int()), nil }),
	})
	js.Global().Call("mienReady")
	select {}
}

// verb makes a function of f. An error comes back as one, for the script to
// throw: a panic would end the program.
func verb(f func(args []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		v, err := f(args)
		if err != nil {
			return js.Global().Get("Error").New(err.Error())
		}
		return v
	})
}

func load(a []js.Value) (any, error) {
	b := make([]byte, a[0].Get("length").Int())
	js.CopyBytesToGo(b, a[0])
	f, err := model.Decode(b)
	if err != nil {
		return nil, err
	}
	p, err := f.Plan()
	if err != nil {
		return nil, err
	}
	var late []string
	if name := a[1].String(); name != "" {
		late = append(late, name)
	}
	program, err := device.CompileSplit(cpu.New(), p, late...)
	if err != nil {
		return nil, err
	}
	for _, i := range p.Named(plan.State) {
		if err := program.Write(p.Values[i].Name, f.Tensors[p.Values[i].Name].Data); err != nil {
			return nil, err
		}
	}
	programs = append(programs, loaded{p, program})
	return len(programs) - 1, nil
}

func write(a []js.Value) (any, error) {
	x := make([]float32, a[2].Get("length").Int())
	js.CopyBytesToGo(bytesOf(x), js.Global().Get("Uint8Array").New(a[2].Get("buffer")))
	return nil, programs[a[0].Int()].program.Write(a[1].String(), x)
}

func read(a []js.Value) (any, error) {
	l, name := programs[a[0].Int()], a[1].String()
	v := l.plan.Output(name)
	if v < 0 {
		return nil, fmt.Errorf("no output %q", name)
	}
	x := make([]float32, l.plan.Values[v].Shape.Numel())
	if err := l.program.Read(name, x); err != nil {
		return nil, err
	}
	floats := js.Global().Get("Float32Array").New(len(x))
	js.CopyBytesToJS(js.Global().Get("Uint8Array").New(floats.Get("buffer")), bytesOf(x))
	return floats, nil
}

func bytesOf(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}
