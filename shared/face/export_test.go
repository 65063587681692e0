package face

import (
	"context"
	"image"
)

// LookForTest is what the finder sees in the view that it starts from in a crop of the
// training frame: one look, or the mean over views.
func LookForTest(f *Finder, img *image.NRGBA, careful bool) (Mesh, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := float64(img.Rect.Dx())
	view := square(w/2, w*.58, w*1.25, 0)
	p := newPyramid(img)
	if !careful {
		m, presence, err := f.look(context.Background(), p, view)
		return m, err == nil && presence > minPresence
	}
	m, presence, err := f.settle(context.Background(), p, view, true)
	return m, err == nil && presence > minPresence
}
