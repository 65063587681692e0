package rigfit

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// parallel calls do for 0 to n-1, each once, on all cores.
func parallel(ctx context.Context, n int, do func(k int)) error {
	workers := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error {
			for k := w; k < n; k += workers {
				if k&255 == w && ctx.Err() != nil {
					return ctx.Err()
				}
				do(k)
			}
			return nil
		})
	}
	return g.Wait()
}
