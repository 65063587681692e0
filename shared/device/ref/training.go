package ref

import "math"

func finite(_ []int, _ []float64, in, out []Array) {
	out[0].Data[0] = 1
	for _, x := range in {
		for _, v := range x.Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				out[0].Data[0] = 0
			}
		}
	}
}

func adam(_ []int, fs []float64, in, out []Array) {
	beta1, beta2, eps := fs[0], fs[1], fs[2]
	g, hyper, ok := in[0].Data, in[1].Data, in[2].Data[0]
	p, m, v := out[0].Data, out[1].Data, out[2].Data
	for i := range out {
		copy(out[i].Data, in[3+i].Data)
	}
	if ok == 0 {
		return
	}
	rate, correct1, correct2, decay := hyper[0], hyper[1], hyper[2], hyper[3]
	for i := range g {
		m[i] = beta1*m[i] + (1-beta1)*g[i]
		v[i] = beta2*v[i] + (1-beta2)*g[i]*g[i]
		p[i] -= rate * (m[i]/correct1/(math.Sqrt(v[i]/correct2)+eps) + decay*p[i])
	}
}

func blend(_ []int, _ []float64, in, out []Array) {
	x, decay, ok := in[1].Data, in[2].Data[0], in[3].Data[0]
	s := out[0].Data
	copy(s, in[0].Data)
	if ok == 0 {
		return
	}
	for i := range s {
		s[i] = decay*s[i] + (1-decay)*x[i]
	}
}
