package kernel

// Finish is what ConvFinish and DepthwiseFinish do besides: y = act(conv(x, w) + bias +
// more).
type Finish struct {
	Bias   []float32 // [K]; nil adds nothing
	More   []float32 // [N OH OW K]; nil adds nothing
	Slopes []float32 // [K]; act is x > 0 ? x : slope*x; nil: Slope is that of all
	Active bool      // else act is x, and there are no slopes
	Slope  float32
	// Changes counts changes of weights, bias and slopes: what a kernel makes of them
	// serves until the number is another. nil: they are new at every run.
	Changes *int
}
