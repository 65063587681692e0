package kernel

// Finish is what ConvFinish does besides: y = act(conv(x, w) + bias).
type Finish struct {
	Bias   []float32 // [K]; nil adds nothing
	Active bool      // act is x > 0 ? x : Slope*x; else x
	Slope  float32
	// Changes counts changes of weights and bias: what a kernel makes of them
	// serves until the number is another. nil: they are new at every run.
	Changes *int
}
