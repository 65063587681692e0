package webgpu

import (
	"errors"
	"fmt"
	"syscall/js"
	"time"
)

// patience bounds every wait for the browser: longer than its slowest compiler
// takes, and than the system's watchdog, which resets a GPU that hangs.
const patience = 2 * time.Minute

// await blocks this goroutine, not the page's event loop, until a promise
// settles; gone ends it early.
func await(promise js.Value, gone <-chan struct{}) (js.Value, error) {
	type settled struct {
		value js.Value
		bad   bool
	}
	done := make(chan settled, 2)
	settle := func(bad bool) js.Func {
		return js.FuncOf(func(_ js.Value, args []js.Value) any {
			s := settled{bad: bad}
			if len(args) > 0 {
				s.value = args[0]
			}
			done <- s
			return nil
		})
	}
	kept, broken := settle(false), settle(true)
	promise.Call("then", kept, broken)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case s := <-done:
		kept.Release()
		broken.Release()
		if s.bad {
			return js.Undefined(), errors.New(message(s.value))
		}
		return s.value, nil
	case <-gone: // the promise may yet settle: its functions stay
		return js.Undefined(), ErrLost
	case <-late.C:
		return js.Undefined(), fmt.Errorf("%w: no answer for %v", ErrLost, patience)
	}
}

// message is what an exception or a GPUError says.
func message(v js.Value) string {
	if v.Type() == js.TypeObject {
		if m := v.Get("message"); m.Type() == js.TypeString && m.String() != "" {
			return m.String()
		}
	}
	return js.Global().Get("String").Invoke(v).String()
}

// caught turns an exception of the browser into err. Deferred by what calls
// methods that may throw.
func caught(err *error) {
	if r := recover(); r != nil {
		e, ok := r.(js.Error)
		if !ok {
			panic(r)
		}
		*err = errors.New(message(e.Value))
	}
}
