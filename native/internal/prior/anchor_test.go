package prior

import (
	"testing"

	"mien/native/internal/dataset"
	"mien/shared/au"
)

// changed returns where a change carries the landmarks of face, and how far down of
// a place of the crop, in pixels, the photo is looked at then.
func changed(t *testing.T, d au.Vector) (Landmarks, func(x, y float32) float32) {
	t.Helper()
	moved := Move(face, d)
	p := &Prior{mean: Neutral}
	const grid = 128
	f, err := p.fields(face, moved, grid)
	if err != nil {
		t.Fatal(err)
	}
	return moved, func(x, y float32) float32 { return f[4*(int(y)*grid+int(x))+1] * 64 }
}

// noFolds wants the skin between lid and brow not to fold over.
func noFolds(t *testing.T, moved Landmarks, up func(x, y float32) float32) {
	t.Helper()
	for _, c := range folds {
		x, lid := moved[c.lid][0], moved[c.lid][1]
		for y := moved[c.brow][1]; y < lid; y++ {
			if y+1+up(x, y+1) <= y+up(x, y) {
				t.Errorf("the skin folds over at row %g above lid %d", y, c.lid)
			}
		}
	}
}

// TestBrowsLeaveTheLid raises and lowers the brows, and wants the lid below its
// fold to stay while the skin above moves, and nothing to fold over.
func TestBrowsLeaveTheLid(t *testing.T) {
	for _, by := range []float32{4, -3} {
		var d au.Vector
		d[au.Index("01")], d[au.Index("02")] = by, by
		moved, up := changed(t, d)
		for _, c := range folds {
			x, lid, brow := moved[c.lid][0], moved[c.lid][1], moved[c.brow][1]
			lift := face[c.brow][1] - brow
			if low := up(x, lid-.25*(lid-brow)); by > 0 && low > .35*lift {
				t.Errorf("changed by %g: a quarter above lid %d the skin moves by %.1f pixels, the brow by %.1f", by, c.lid, low, lift)
			}
		}
		noFolds(t, moved, up)
	}
}

// TestBrowsStayAsHigh raises the brows, and wants their lower edges to rise with them,
// to their ends: a brow that is drawn out looks painted.
func TestBrowsStayAsHigh(t *testing.T) {
	for code, brow := range map[string]int{"01": 21, "02": 18} {
		var d au.Vector
		d[au.Index(code)] = 3
		moved, up := changed(t, d)
		for _, k := range [...]int{brow, dataset.Mirrored[brow]} {
			x, y := moved[k][0], moved[k][1]
			lift := face[k][1] - y
			if lift < 4 {
				t.Fatalf("AU%s lifts landmark %d by %.1f pixels", code, k, lift)
			}
			if v := up(x, y+mostHang); v < .9*lift {
				t.Errorf("AU%s lifts brow landmark %d by %.1f pixels, %d pixels below by %.1f", code, k, lift, mostHang, v)
			}
		}
	}
}

// TestLidsLeaveTheBrow closes the eyes, and wants the brow down to its lower edge to
// stay where it is and as high as it is, and nothing to fold over.
func TestLidsLeaveTheBrow(t *testing.T) {
	var d au.Vector
	d[au.Index("45")] = 3
	moved, up := changed(t, d)
	for _, c := range folds {
		x, brow := moved[c.lid][0], moved[c.brow][1]
		fell := moved[c.lid][1] - face[c.lid][1]
		if fell < 3 {
			t.Fatalf("lid %d falls by %.1f pixels", c.lid, fell)
		}
		if v := up(x, brow+overhang*(face[c.lid][1]-face[c.brow][1])); max(v, -v) > .15*fell {
			t.Errorf("below brow %d the skin moves by %.1f pixels with a lid that falls by %.1f", c.brow, -v, fell)
		}
	}
	noFolds(t, moved, up)
}

// TestLipsLeaveTheNose presses the lips, and wants the shadow under the nose to stay
// as high as it is while the lip goes down.
func TestLipsLeaveTheNose(t *testing.T) {
	var d au.Vector
	d[au.Index("23")] = 3
	moved, up := changed(t, d)
	for _, c := range philtrum {
		fell := moved[c.lip][1] - face[c.lip][1]
		if fell < 1 {
			t.Fatalf("lip %d falls by %.1f pixels", c.lip, fell)
		}
		x, y := moved[c.nose][0], moved[c.nose][1]+overhang*(face[c.lip][1]-face[c.nose][1])
		if v := up(x, y); max(v, -v) > .15*fell {
			t.Errorf("below nose %d the skin moves by %.2f pixels with a lip that falls by %.1f", c.nose, -v, fell)
		}
	}
}
