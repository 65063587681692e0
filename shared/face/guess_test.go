package face

import (
	"errors"
	"image"
	"math"
	"testing"
)

func TestGuesses(t *testing.T) {
	finder := newFinder(t)
	img := load(t, "../../web/portrait/astronaut.png")
	faces, guesses, err := finder.FindOrGuess(img)
	if err != nil || len(faces) == 0 || len(guesses) != 0 {
		t.Fatalf("portrait: %d faces, %d guesses, %v, want a sure face and no guess", len(faces), len(guesses), err)
	}
	// What the mirror shows is guessed where it is in the photo.
	s := &hunt{photo: newPyramid(grey(img), patchSide/4)}
	s.glance(finder, 0, true, detectSide)
	if len(s.guesses) == 0 {
		t.Fatal("nothing is seen in the mirror")
	}
	for _, g := range distinct(s.guesses)[:1] {
		g := g.Frame
		growth := g.Scale() / faces[0].Frame.Scale()
		if !NewFace(g, 0).Overlaps(faces[0]) || growth < .7 || growth > 1.4 || g.A[0]*g.A[4]-g.A[1]*g.A[3] < 0 {
			t.Errorf("seen in the mirror: %v, want about %v", g.A, faces[0].Frame.A)
		}
	}
	if faces, guesses, err := finder.FindOrGuess(image.NewNRGBA(image.Rect(0, 0, 320, 200))); !errors.Is(err, ErrNoFace) || len(faces)+len(guesses) != 0 {
		t.Errorf("flat picture: %d faces, %d guesses, %v", len(faces), len(guesses), err)
	}
	if _, _, err := finder.FindOrGuess(&image.NRGBA{}); err == nil || errors.Is(err, ErrNoFace) {
		t.Errorf("empty picture: %v", err)
	}
}

func TestDistinct(t *testing.T) {
	at := func(x, r, degrees float64) Frame {
		s, c := math.Sincos(degrees * math.Pi / 180)
		return Frame{[6]float64{r * c, -r * s, x, r * s, r * c, 100}}
	}
	first := Guess{at(100, 50, 0), 9}
	for _, c := range []struct {
		name string
		g    Guess
		want int
	}{
		{"the same", Guess{at(103, 52, 5), 5}, 1},
		{"aside", Guess{at(110, 50, 0), 5}, 2},
		{"larger", Guess{at(100, 60, 0), 5}, 2},
		{"turned", Guess{at(100, 50, 20), 5}, 2},
		{"a blur", Guess{at(300, 10, 0), 5}, 1},
	} {
		if got := distinct([]Guess{c.g, first}); len(got) != c.want || got[0] != first {
			t.Errorf("%s: %v, want %d, the likelier first", c.name, got, c.want)
		}
	}
	var many []Guess
	for i := range 2 * maxGuesses {
		many = append(many, Guess{at(float64(200*i), 50, 0), 1})
	}
	if got := distinct(many); len(got) != maxGuesses {
		t.Errorf("%d guesses, want %d at most", len(got), maxGuesses)
	}
}
