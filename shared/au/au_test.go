package au

import (
	"strings"
	"testing"
)

func TestOrderIsThatOfTheReference(t *testing.T) {
	want := "01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26 45"
	if got := strings.Join(Codes(), " "); got != want {
		t.Errorf("codes %q, want %q", got, want)
	}
	if Index("45") != 16 {
		t.Errorf("AU45 at %d, want 16 (the reference's 17 is one past the end)", Index("45"))
	}
}

func TestParse(t *testing.T) {
	v, err := Parse("12=3, 6=2,AU04=-1.5")
	if err != nil {
		t.Fatal(err)
	}
	if v[8] != 3 || v[4] != 2 || v[2] != -1.5 {
		t.Errorf("got %v", v)
	}
	if w, err := Parse(v.String()); err != nil || w != v {
		t.Errorf("round trip of %q: %v, %v", v.String(), w, err)
	}
	for _, bad := range []string{"12", "12=", "3=1", "12=6", "12=-6", "12=NaN", "12=x", "=3", "12=1,,"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestEmotionsNameKnownUnits(t *testing.T) {
	for _, e := range Emotions {
		n := 0
		for _, x := range e.Vector(2) {
			if x == 2 {
				n++
			}
		}
		if n != len(e.Codes) {
			t.Errorf("%s raises %d units, want %d", e.Name, n, len(e.Codes))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("12=3,6=2")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err == nil && v.Clamp(-Max, Max) != v {
			t.Errorf("%q: out of range: %v", s, v)
		}
	})
}
