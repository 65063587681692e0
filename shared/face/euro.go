package face

import "math"

// euro is the one-euro filter of one number: a low-pass whose cutoff rises with speed, so
// that what rests does not tremble and what moves does not lag (Casiez, Roussel and Vogel:
// 1€ Filter, CHI 2012).
type euro struct {
	value, speed float64
	begun        bool
}

// Constants of the filter.
const (
	euroCutoff      = 0.6 // Hz, of what rests
	euroSlope       = 7.0 // Hz for a speed of one face's width a second
	euroSpeedCutoff = 1.0 // Hz, of the speed
)

// next returns the filtered value of x, dt seconds (over 0) after the one before, where
// the face is width wide in the unit of x.
func (e *euro) next(x, dt, width float64) float64 {
	if !e.begun {
		*e = euro{value: x, begun: true}
		return x
	}
	speed := (x - e.value) / dt
	e.speed += smoothing(euroSpeedCutoff, dt) * (speed - e.speed)
	e.value += smoothing(euroCutoff+euroSlope*math.Abs(e.speed)/width, dt) * (x - e.value)
	return e.value
}

// smoothing is the weight of a new value for a cutoff in Hz and a step of dt seconds.
func smoothing(cutoff, dt float64) float64 {
	r := 2 * math.Pi * cutoff * dt
	return r / (r + 1)
}
