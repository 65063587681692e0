package net

import (
	"slices"
	"testing"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/edit"
)

// TestLightIsTheEditors: what a network trains on is what the editor shows, of lights,
// shadows and places darker and lighter than the skin.
func TestLightIsTheEditors(t *testing.T) {
	const n, side = 2, 16
	shape := []int{n, side, side, 3}
	shades, seen := uniform(1, n*side*side*3), uniform(2, n*side*side*3)
	changes := [n]au.Vector{{2: 3}, {0: 2, 4: -1, 12: 4}}
	for i := range shades {
		shades[i] *= .7
	}
	for i := range 12 {
		seen[i] = -1 // black
	}
	g := graph.New()
	shade, photo, change := g.Input("shade", shape...), g.Input("photo", shape...), g.Input("change", n, au.Count)
	got := run(t, g, map[string][]float32{"shade": shades, "photo": seen, "change": append(slices.Clone(changes[0][:]), changes[1][:]...)}, map[string]graph.Node{"lit": lit(g, shade, photo, skin(g, photo), deepest(NewScope(g, "gen"), change, side))})["lit"]
	for face := range n {
		one := seen[face*side*side*3 : (face+1)*side*side*3]
		light := edit.Skin(one, side)
		for i := range side * side {
			at := 3 * (face*side*side + i)
			want := [3]float32(shades[at:])
			edit.Light(&want, [3]float32(seen[at:]), light, edit.Deepest(changes[face]).At((2*float32(i%side)+1)/side-1, (2*float32(i/side)+1)/side-1))
			for c, w := range want {
				if got := got[at+c]; got < w-1e-5 || got > w+1e-5 {
					t.Fatalf("face %d, pixel %d, channel %d: shade %g on %v is %g, the editor's %g", face, i, c, shades[at+c], seen[at:at+3], got, w)
				}
			}
		}
	}
}
