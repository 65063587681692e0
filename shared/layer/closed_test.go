package layer

import (
	"context"
	"testing"

	"mien/shared/face"
)

// TestLidsAndLipsThatMeet moves a face whose lids and lips lie on each other to
// the bit, as they do in a mesh of rounded numbers.
func TestLidsAndLipsThatMeet(t *testing.T) {
	m := testMesh()
	for e := range eyes {
		for i := 1; i < eyeSize/2; i++ {
			m[eyes[e][across(i)]] = m[eyes[e][i]]
		}
	}
	for c := 1; c < columns-1; c++ {
		m[lowerLip(c)] = m[upperLip(c)]
	}
	f, err := New(testPhoto(false), m)
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]*face.Mesh{"still": m, "shouting": shout(m, 40)} {
		s, err := f.Scene(context.Background(), Motion{Mesh: to}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range s.Vertices {
			for _, x := range [...]float32{v.X, v.Y, v.FromX, v.FromY, v.Alpha} {
				if x-x != 0 {
					t.Fatalf("%s: vertex %d is at %v", name, i, v)
				}
			}
		}
		f.Draw(s)
	}
}
