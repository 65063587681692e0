package webgpu

import (
	"fmt"

	"mien/shared/plan"
)

// expressions are the elementwise kinds in WGSL: operands first, then
// attributes. Functions with a capital are in wgsl/math.wgsl.
var expressions = map[plan.Kind]string{
	plan.Add: "%s + %s", plan.Sub: "%s - %s", plan.Mul: "%s * %s", plan.Div: "%s / %s",
	plan.PRelu: "LeakyRelu(%s, %s)",

	plan.Affine:    "Affine(%s, %s, %s)",
	plan.LeakyRelu: "LeakyRelu(%s, %s)",
	plan.Gate:      "Gate(%s, %s, %s)",
	plan.Tanh:      "Tanh(%s)",
	plan.Sigmoid:   "Sigmoid(%s)",
	plan.Softplus:  "Softplus(%s)",
	plan.Exp:       "Exp(%s)",
	plan.Log:       "Log(%s)",
	plan.Sqrt:      "sqrt(%s)",
	plan.Abs:       "abs(%s)",
	plan.Sign:      "sign(%s)",
	plan.Clamp:     "Clamp(%s, %s, %s)",
	plan.Inside:    "Inside(%s, %s, %s)",

	// What only changes shapes, where memory cannot be shared.
	plan.Spread: "%s", plan.Reshape: "%s", plan.SumTo: "%s",
}

// expression returns the text of an elementwise kind of the given operands and
// attributes.
func expression(k plan.Kind, args []string) string {
	a := make([]any, len(args))
	for i, s := range args {
		a[i] = s
	}
	return fmt.Sprintf(expressions[k], a...)
}
