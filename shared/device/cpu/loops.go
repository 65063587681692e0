package cpu

// addVV is
//
//	for i := range y { y[i] = a[i] + b[i] }
func addVV(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = a[i] + b[i]
	}
}

func addVS(y, a []float32, b float32) {
	a = a[:len(y)]
	for i := range y {
		y[i] = a[i] + b
	}
}

func addSV(y []float32, a float32, b []float32) {
	b = b[:len(y)]
	for i := range y {
		y[i] = a + b[i]
	}
}

// subVV is
//
//	for i := range y { y[i] = a[i] - b[i] }
func subVV(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = a[i] - b[i]
	}
}

func subVS(y, a []float32, b float32) {
	a = a[:len(y)]
	for i := range y {
		y[i] = a[i] - b
	}
}

func subSV(y []float32, a float32, b []float32) {
	b = b[:len(y)]
	for i := range y {
		y[i] = a - b[i]
	}
}

// mulVV is
//
//	for i := range y { y[i] = a[i] * b[i] }
func mulVV(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = a[i] * b[i]
	}
}

func mulVS(y, a []float32, b float32) {
	a = a[:len(y)]
	for i := range y {
		y[i] = a[i] * b
	}
}

func mulSV(y []float32, a float32, b []float32) {
	b = b[:len(y)]
	for i := range y {
		y[i] = a * b[i]
	}
}

// divVV is
//
//	for i := range y { y[i] = a[i] / b[i] }
func divVV(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = a[i] / b[i]
	}
}

func divVS(y, a []float32, b float32) {
	a = a[:len(y)]
	for i := range y {
		y[i] = a[i] / b
	}
}

func divSV(y []float32, a float32, b []float32) {
	b = b[:len(y)]
	for i := range y {
		y[i] = a / b[i]
	}
}
