package tensor

import "math"

// Stream names an independent source of random numbers, so that drawing one
// more number for one purpose never moves those of another.
type Stream uint64

// Rand is a counter-based random generator: its numbers are a function of
// (seed, stream, step, sample) alone, so nothing of it needs to be saved in a
// checkpoint, and samples may be drawn in any order by any goroutine.
//
// Method: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, OOPSLA 2014) started from a hash of the four keys.
type Rand struct {
	state    uint64
	spare    float64
	hasSpare bool
}

// NewRand returns the generator of the given keys.
func NewRand(seed uint64, stream Stream, step, sample uint64) *Rand {
	h := mix(seed + golden)
	for _, key := range [...]uint64{uint64(stream), step, sample} {
		h = mix((h + golden) ^ mix(key+golden))
	}
	return &Rand{state: h}
}

const golden = 0x9e3779b97f4a7c15

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uint64 returns 64 random bits.
func (r *Rand) Uint64() uint64 {
	r.state += golden
	return mix(r.state)
}

// Float64 returns a uniform number in [0, 1).
func (r *Rand) Float64() float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// Float32 returns a uniform number in [0, 1).
func (r *Rand) Float32() float32 { return float32(r.Uint64()>>40) / (1 << 24) }

// Range returns a uniform number in [lo, hi).
func (r *Rand) Range(lo, hi float32) float32 { return lo + (hi-lo)*r.Float32() }

// Intn returns a uniform number in [0, n); it panics when n < 1. The bias is
// below n/2^64.
func (r *Rand) Intn(n int) int {
	if n < 1 {
		panic("tensor: Intn of less than 1")
	}
	return int(r.Uint64() % uint64(n))
}

// Normal returns a normally distributed number of mean 0 and deviation 1
// (Box and Muller, 1958).
func (r *Rand) Normal() float32 {
	if r.hasSpare {
		r.hasSpare = false
		return float32(r.spare)
	}
	u := 1 - r.Float64() // (0, 1]
	v := r.Float64()
	m := math.Sqrt(-2 * math.Log(u))
	r.spare, r.hasSpare = m*math.Sin(2*math.Pi*v), true
	return float32(m * math.Cos(2*math.Pi*v))
}
